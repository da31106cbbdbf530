package graph

import (
	"fmt"
	"reflect"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// knownWrong are the stock ops that give wrong numbers without a word, as package
// documentation says, and what to do in place of each. Those whose gradient alone
// is wrong may be run forward.
var knownWrong = []struct {
	op   string // its type
	when func(n *gorgonia.Node) bool
	says string
}{
	{"*gorgonia.avgPoolOp", always,
		"AveragePool2D divides by the image's width, and its gradient is wrong: use Conv2d with equal weights that add up to 1"},
	{"gorgonia.sumOp", reducesWrong,
		"Sum and Mean along such an axis, and the gradient of a broadcast along it, add up the wrong elements: Reshape the axes before it into one first"},
	{"*gorgonia.maxOp", reducesWrong,
		"Max along such an axis looks at the wrong elements: Reshape the axes before it into one first"},
	{"*gorgonia.dropoutDiffOp", scaledWrong,
		"the gradient of gorgonia.Dropout is right in training at a rate of 0.5 alone: use graph.Fused.Dropout"},
	{"*gorgonia.batchnormDiffOp", evaluatesImages,
		"the gradient of BatchNorm of images in evaluation is wrong: take gradients in training"},
	{"*gorgonia.softmaxDiffOp", ofColumn,
		"the gradient of SoftMax of a column is wrong where no axis is named: name the axis, SoftMax(x, 0), or use graph.Fused.Softmax"},
	{"gorgonia.elemUnaryOp", differentiated("log2"),
		"the gradient of Log2 is wrong: use Log, divided by the logarithm of 2"},
	{"gorgonia.elemUnaryOp", differentiated("invSqrt"),
		"the gradient of InverseSqrt is wrong: use Inverse of Sqrt"},
	{"gorgonia.linAlgBinOp", differentiated("a ⊗ b"),
		"the gradient of OuterProd is wrong: use Mul of an (n,1) and a (1,m) matrix"},
}

// checkStock refuses a graph with an op that is known to be wrong. Its ops have
// their modes.
func checkStock(g *gorgonia.ExprGraph) error {
	for _, n := range g.AllNodes() {
		if n.Op() == nil {
			continue
		}
		op := fmt.Sprintf("%T", n.Op())
		for _, k := range knownWrong {
			if k.op == op && k.when(n) {
				return fmt.Errorf("graph: Gorgonia computes %s of %v wrong: %s", n.Op(), childrenOf(n)[0].Shape(), k.says)
			}
		}
	}
	return nil
}

func always(*gorgonia.Node) bool { return true }

// differentiated tells a node of an op that has a gradient.
func differentiated(op string) func(n *gorgonia.Node) bool {
	return func(n *gorgonia.Node) bool { return n.Op().String() == op && n.Deriv() != nil }
}

// setting is a field of a stock op, which Gorgonia does not show: an invalid value
// if there is none of the name.
func setting(n *gorgonia.Node, name string) reflect.Value {
	return reflect.Indirect(reflect.ValueOf(n.Op())).FieldByName(name)
}

// reducesWrong simulates the reduction of package tensor, one axis after the other:
// within a block, that of an axis between others steps by as much as is right for
// a size of 2 alone, unless it is the only block.
func reducesWrong(n *gorgonia.Node) bool {
	along := setting(n, "along")
	if along.Kind() != reflect.Slice {
		return false
	}
	shape := childrenOf(n)[0].Shape()
	axes := make([]int, along.Len())
	for i := range axes {
		axes[i] = int(along.Index(i).Int())
	}
	slices.Sort(axes)
	if len(axes) == len(shape) {
		return false
	}
	for reduced, axis := range axes {
		axis -= reduced
		if 0 < axis && axis < len(shape)-1 && shape[axis] != 2 && tensor.Shape(shape[1:axis]).TotalSize() > 1 {
			return true
		}
		shape = slices.Delete(shape, axis, axis+1)
	}
	return false
}

// scaledWrong: the gradient is divided by the rate instead of 1 less the rate, in
// evaluation too.
func scaledWrong(n *gorgonia.Node) bool {
	rate, training := setting(n, "probability"), setting(n, "isTraining")
	return rate.Kind() == reflect.Float64 && rate.Float() != 0.5 || training.Kind() == reflect.Bool && !training.Bool()
}

// evaluatesImages: the gradient is scaled by statistics that only training has.
func evaluatesImages(n *gorgonia.Node) bool {
	training := setting(n, "training")
	return training.Kind() == reflect.Bool && !training.Bool() && len(n.Shape()) > 2 && tensor.Shape(n.Shape()[2:]).TotalSize() > 1
}

// ofColumn: the gradient is along the last axis, of one element.
func ofColumn(n *gorgonia.Node) bool {
	axis := setting(n, "axis")
	return axis.Kind() == reflect.Int && axis.Int() == -1 && n.Shape().IsColVec() && n.Shape()[0] > 1
}
