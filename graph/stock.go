package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Stock are the plain twins: the same mathematics in nodes that Gorgonia
// brings along. They are slow on purpose, for tests and the benchmark to be
// held against, and inherit Gorgonia's limits: one label op is ours, as
// Gorgonia has none that reads integers, and dropout is the fused one, as
// Gorgonia's seeds itself from the clock.
var Stock Ops = stock{}

type stock struct{ fused }

func (stock) Affine(x, w, b *gorgonia.Node, relu bool) (*gorgonia.Node, error) {
	return stockNodes(Affine[float32]{relu}, Affine[float64]{relu}, given(x, w, b), func() *gorgonia.Node {
		if x.Dims() > 2 {
			x = must(gorgonia.Reshape(x, rowsOf(x)))
		}
		return biasReLU(must(gorgonia.Mul(x, w)), b, relu)
	})
}

// Convolve goes by way of Gorgonia's NCHW and OIHW, which has no groups, no rows of
// zeros on one side alone, and here a bias; what it has not is a loop of our own.
func (stock) Convolve(x, w, b *gorgonia.Node, over Window, groups int, relu bool) (*gorgonia.Node, error) {
	if over != (Window{}) || groups > 1 || b == nil {
		return slowConvolution(x, w, b, over, groups, relu)
	}
	return stockNodes(Convolve[float32]{ReLU: relu, Groups: groups}, Convolve[float64]{ReLU: relu, Groups: groups}, gorgonia.Nodes{x, w, b}, func() *gorgonia.Node {
		k := w.Shape()
		nchw := must(gorgonia.Transpose(x, 0, 3, 1, 2))
		oihw := must(gorgonia.Transpose(w, 3, 2, 0, 1))
		z := must(gorgonia.Conv2d(nchw, oihw, tensor.Shape{k[0], k[1]}, []int{0, 0}, []int{1, 1}, []int{1, 1}))
		nhwc := must(gorgonia.Transpose(z, 0, 2, 3, 1))
		s := nhwc.Shape()
		rows := must(gorgonia.Reshape(nhwc, tensor.Shape{s[:3].TotalSize(), s[3]}))
		return must(gorgonia.Reshape(biasReLU(rows, b, relu), s))
	})
}

func (stock) Flatten(x *gorgonia.Node) (*gorgonia.Node, error) {
	to := rowsOf(x)
	if to == nil {
		return nil, errNoRows
	}
	return stockNodes(Reshape[float32]{to}, Reshape[float64]{to}, gorgonia.Nodes{x}, func() *gorgonia.Node { return must(gorgonia.Reshape(x, to)) })
}

func (stock) Softmax(x *gorgonia.Node) (*gorgonia.Node, error) {
	return stockNodes(Softmax[float32]{}, Softmax[float64]{}, gorgonia.Nodes{x}, func() *gorgonia.Node {
		if x.Dims() == 2 {
			return must(gorgonia.SoftMax(x))
		}
		rows, columns := rowsAlong(x.Shape())
		return must(gorgonia.Reshape(must(gorgonia.SoftMax(must(gorgonia.Reshape(x, tensor.Shape{rows, columns})))), x.Shape()))
	})
}

func (stock) CrossEntropy(x, labels *gorgonia.Node, smoothing float64) (*gorgonia.Node, func() int, error) {
	loss, err := stockNodes(CrossEntropy[float32]{Smoothing: smoothing}, CrossEntropy[float64]{Smoothing: smoothing}, gorgonia.Nodes{x, labels}, func() *gorgonia.Node {
		s := x.Shape()
		target := must(Apply(oneHot{s[1], smoothing, x.Dtype()}, labels))
		logs := must(gorgonia.Log(must(gorgonia.SoftMax(x))))
		sum := must(gorgonia.Sum(must(gorgonia.HadamardProd(target, logs))))
		return must(gorgonia.Mul(sum, constant(x, -1/float64(s[0]))))
	})
	return loss, func() int { return countHits(x.Value(), ints(labels.Value())) }, err
}

// stockNodes runs build, in which must may give up, for inputs that the fused op
// takes: Gorgonia ends the process at some others, and computes nonsense of more.
func stockNodes(op32, op64 Op, in gorgonia.Nodes, build func() *gorgonia.Node) (n *gorgonia.Node, err error) {
	if _, err := callOf(choose(op32, op64, in), in); err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("graph: stock nodes: %v", r)
		}
	}()
	return build(), nil
}

func must(n *gorgonia.Node, err error) *gorgonia.Node { return gorgonia.Must(n, err) }

// biasReLU adds b (O), if there is one, to the rows of z (N,O); Gorgonia's gradient of a
// broadcast over more than one axis is wrong. Where the sum is exactly 0 its
// Rectify passes a gradient, unlike the fused ReLU.
func biasReLU(z, b *gorgonia.Node, relu bool) *gorgonia.Node {
	if b != nil {
		row := must(gorgonia.Reshape(b, tensor.Shape{1, b.Shape()[0]}))
		z = must(gorgonia.BroadcastAdd(z, row, nil, []byte{0}))
	}
	if relu {
		z = must(gorgonia.Rectify(z))
	}
	return z
}

// constant is a scalar of like's element type, named by its value, as
// Gorgonia merges constants by name.
func constant(like *gorgonia.Node, v float64) *gorgonia.Node {
	name := gorgonia.WithName(fmt.Sprint(v))
	if like.Dtype() == tensor.Float64 {
		return gorgonia.NewConstant(v, name)
	}
	return gorgonia.NewConstant(float32(v), name)
}

// countHits counts the rows of logits whose largest is at the label.
func countHits(logits gorgonia.Value, labels []int) int {
	if logits.Dtype() == tensor.Float64 {
		return kernel.CountHits(Slice[float64](logits), labels)
	}
	return kernel.CountHits(Slice[float32](logits), labels)
}

// oneHot writes labels as rows of 0 and 1, smoothed: labels (N) -> (N,C).
type oneHot struct {
	Classes   int
	Smoothing float64
	Of        tensor.Dtype
}

func (o oneHot) Dtype() tensor.Dtype { return o.Of }
func (o oneHot) String() string {
	return fmt.Sprintf("OneHot{Classes:%d Smoothing:%v Of:%v}", o.Classes, o.Smoothing, o.Of)
}

func (oneHot) Accepts(in []tensor.Dtype) error { return labels(in) }

func (o oneHot) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if len(in[0]) != 1 {
		return nil, fmt.Errorf("wants labels (N), got %v", in[0])
	}
	return []tensor.Shape{{in[0][0], o.Classes}}, nil
}

func (o oneHot) Run(out, in []gorgonia.Value) error {
	rows, other := out[0].(*tensor.Dense), o.Smoothing/float64(o.Classes)
	own := 1 - o.Smoothing + other
	if o.Of == tensor.Float64 {
		rows.Memset(other)
	} else {
		rows.Memset(float32(other))
	}
	for i, label := range ints(in[0]) {
		if label < 0 || label >= o.Classes {
			return fmt.Errorf("graph: OneHot: row %d has label %d, outside 0 ... %d", i, label, o.Classes-1)
		}
		if o.Of == tensor.Float64 {
			rows.SetF64(i*o.Classes+label, own)
		} else {
			rows.SetF32(i*o.Classes+label, float32(own))
		}
	}
	return nil
}

// Grad is nothing: labels do not move.
func (oneHot) Grad(gorgonia.Nodes, *gorgonia.Node, *gorgonia.Node, []bool) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{nil}, nil
}
