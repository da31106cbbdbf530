package graph_test

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// TestReductions holds Build's verdict on every reduction of these shapes against a
// loop: those that Gorgonia computes wrong are refused, and no others. In the
// shapes no two sizes but 2 are equal: an accident of symmetry is no right answer.
func TestReductions(t *testing.T) {
	t.Parallel()
	for _, shape := range []tensor.Shape{{3}, {3, 5}, {1, 3}, {3, 1}, {2, 3, 5}, {3, 5, 4}, {3, 1, 4}, {3, 5, 4, 2}, {5, 3, 2, 4}, {2, 1, 5, 3}, {1, 3, 5, 4}, {4, 3, 1, 5}, {2, 3, 2, 5, 2}, {3, 2, 4, 1, 5}} {
		for subset := 1; subset < 1<<len(shape); subset++ {
			var axes []int
			for axis := range shape {
				if subset>>axis&1 == 1 {
					axes = append(axes, axis)
				}
			}
			got, err := reduced(shape, axes)
			want := sums(shape, subset)
			right := len(got) == len(want)
			for i := range want {
				right = right && math.Abs(got[i]-want[i]) < 1e-9
			}
			if refused := err != nil && strings.Contains(err.Error(), "Gorgonia computes Σ"); refused == right {
				t.Errorf("Sum of %v along %v: right: %v; %v", shape, axes, right, err)
			}
		}
	}
}

// reduced is what Gorgonia makes of a sum, and what Build says of it. Wrong steps
// may end outside of the tensor.
func reduced(shape tensor.Shape, axes []int) (y []float64, err error) {
	_, err = graph.Build(func(g *gorgonia.ExprGraph) error {
		_, err := gorgonia.Sum(graph.NewInput(g, tensor.Float64, "x", shape...), axes...)
		return err
	})
	defer func() { recover() }()
	if v, failed := tensorOf(shape, counting(shape)...).Sum(axes...); failed == nil {
		y = graph.Slice[float64](v)
	}
	return y, err
}

func counting(shape tensor.Shape) []float64 {
	x := make([]float64, shape.TotalSize())
	for i := range x {
		x[i] = float64(i * i)
	}
	return x
}

// sums are those of a loop, along the axes whose bits are set.
func sums(shape tensor.Shape, subset int) []float64 {
	size := 1
	for axis, n := range shape {
		if subset>>axis&1 == 0 {
			size *= n
		}
	}
	y := make([]float64, size)
	for i, x := range counting(shape) {
		at, step := 0, 1
		for axis, rest := len(shape)-1, i; axis >= 0; axis-- {
			if subset>>axis&1 == 0 {
				at += rest % shape[axis] * step
				step *= shape[axis]
			}
			rest /= shape[axis]
		}
		y[at] += x
	}
	return y
}

// TestKnownWrong: what Gorgonia computes wrong is refused by name, with what to do;
// its brothers that are right are not.
func TestKnownWrong(t *testing.T) {
	images := func(g *gorgonia.ExprGraph) *gorgonia.Node {
		return graph.NewInput(g, tensor.Float64, "images", 2, 3, 4, 5)
	}
	column := func(g *gorgonia.ExprGraph) *gorgonia.Node { return graph.NewInput(g, tensor.Float64, "column", 3, 1) }
	grad := func(y *gorgonia.Node, by ...*gorgonia.Node) error {
		_, err := graph.Grad(sum(square(y)), by...)
		return err
	}
	norm := func(g *gorgonia.ExprGraph, training bool) error {
		x := images(g)
		y, _, _, op, err := gorgonia.BatchNorm(x, graph.NewInput(g, tensor.Float64, "scale", 1, 3, 1, 1), graph.NewInput(g, tensor.Float64, "shift", 1, 3, 1, 1), 0.1, 1e-3)
		if err == nil {
			err = op.SetTraining(training)
		}
		if err != nil {
			return err
		}
		return grad(y, x)
	}
	broadcast := func(g *gorgonia.ExprGraph, shape ...int) error {
		b := graph.NewInput(g, tensor.Float64, "b", shape...)
		var axes []byte
		for axis, n := range shape {
			if n == 1 {
				axes = append(axes, byte(axis))
			}
		}
		return grad(gorgonia.Must(gorgonia.BroadcastAdd(images(g), b, nil, axes)), b)
	}
	unary := func(f func(*gorgonia.Node) (*gorgonia.Node, error), differentiate bool) func(g *gorgonia.ExprGraph) error {
		return func(g *gorgonia.ExprGraph) error {
			x := column(g)
			y := gorgonia.Must(f(x))
			if !differentiate {
				return nil
			}
			return grad(y, x)
		}
	}
	dropout := func(rate float64, training bool) func(g *gorgonia.ExprGraph) error {
		return unary(func(x *gorgonia.Node) (*gorgonia.Node, error) {
			y, err := gorgonia.Dropout(x, rate)
			if err == nil {
				err = y.Op().(gorgonia.TrainModeOp).SetTraining(training)
			}
			return y, err
		}, true)
	}
	softmax := func(axes ...int) func(*gorgonia.Node) (*gorgonia.Node, error) {
		return func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.SoftMax(x, axes...) }
	}
	outer := func(differentiate bool) func(g *gorgonia.ExprGraph) error {
		return func(g *gorgonia.ExprGraph) error {
			x := vector(g, "x", 1, 2)
			y := gorgonia.Must(gorgonia.OuterProd(x, vector(g, "y", 3, 4)))
			if !differentiate {
				return nil
			}
			return grad(y, x)
		}
	}
	pool := func(f func(*gorgonia.Node, tensor.Shape, []int, []int) (*gorgonia.Node, error)) func(g *gorgonia.ExprGraph) error {
		return func(g *gorgonia.ExprGraph) error {
			_, err := f(images(g), tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2})
			return err
		}
	}
	for name, c := range map[string]struct {
		build func(g *gorgonia.ExprGraph) error
		want  string // of the refusal; none if it is right
	}{
		"AveragePool2D":                  {pool(gorgonia.AveragePool2D), "Conv2d with equal weights"},
		"MaxPool2D":                      {pool(gorgonia.MaxPool2D), ""},
		"Mean of pixels":                 {func(g *gorgonia.ExprGraph) error { _, err := gorgonia.Mean(images(g), 2, 3); return err }, "Reshape the axes before it"},
		"Max of rows":                    {func(g *gorgonia.ExprGraph) error { _, err := gorgonia.Max(images(g), 2); return err }, "Max along such an axis"},
		"Mean of channels":               {func(g *gorgonia.ExprGraph) error { _, err := gorgonia.Mean(images(g), 1); return err }, ""},
		"broadcast of a row":             {func(g *gorgonia.ExprGraph) error { return broadcast(g, 1, 1, 1, 5) }, "gradient of a broadcast"},
		"broadcast of channels":          {func(g *gorgonia.ExprGraph) error { return broadcast(g, 1, 3, 1, 1) }, ""},
		"Dropout's gradient":             {dropout(0.2, true), "use graph.Fused.Dropout"},
		"Dropout's gradient at one half": {dropout(0.5, true), ""},
		"Dropout's gradient, evaluated":  {dropout(0.5, false), "use graph.Fused.Dropout"},
		"BatchNorm of images":            {func(g *gorgonia.ExprGraph) error { return norm(g, true) }, ""},
		"BatchNorm of images, evaluated": {func(g *gorgonia.ExprGraph) error { return norm(g, false) }, "take gradients in training"},
		"SoftMax of a column":            {unary(softmax(), true), "name the axis"},
		"SoftMax of a column, forward":   {unary(softmax(), false), ""},
		"SoftMax of a named axis":        {unary(softmax(0), true), ""},
		"Log2":                           {unary(gorgonia.Log2, true), "use Log"},
		"Log2, forward":                  {unary(gorgonia.Log2, false), ""},
		"InverseSqrt":                    {unary(gorgonia.InverseSqrt, true), "Inverse of Sqrt"},
		"Sqrt":                           {unary(gorgonia.Sqrt, true), ""},
		"OuterProd":                      {outer(true), "use Mul"},
		"OuterProd, forward":             {outer(false), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want != "" {
				refuses(t, c.build, "Gorgonia computes", c.want)
			} else if _, err := graph.Build(c.build); err != nil {
				t.Error(err)
			}
		})
	}
}
