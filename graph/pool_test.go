package graph_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/optest"
)

// pools are windows of every kind, with the images that they slide over.
var pools = map[string]struct {
	size [2]int
	over graph.Window
	x    tensor.Shape
}{
	"touching":    {[2]int{2, 2}, graph.Window{Strides: [2]int{2, 2}}, tensor.Shape{2, 4, 6, 3}},
	"odd":         {[2]int{2, 2}, graph.Window{Strides: [2]int{2, 2}}, tensor.Shape{2, 5, 3, 9}},
	"odd, same":   {[2]int{2, 2}, graph.Window{Strides: [2]int{2, 2}, Same: true}, tensor.Shape{1, 5, 4, 2}},
	"overlapping": {[2]int{3, 3}, graph.Window{Strides: [2]int{2, 2}}, tensor.Shape{2, 5, 7, 2}},
	"same":        {[2]int{3, 2}, graph.Window{Same: true}, tensor.Shape{1, 4, 5, 9}},
	"apart":       {[2]int{1, 2}, graph.Window{Strides: [2]int{2, 3}}, tensor.Shape{2, 5, 6, 2}},
	"whole":       {[2]int{3, 4}, graph.Window{}, tensor.Shape{2, 3, 4, 2}},
}

func TestPools(t *testing.T) {
	for name, p := range pools {
		ops := map[string]func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error){
			"max": func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
				return ops.MaxPool(in[0], p.size, p.over)
			},
			"average": func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
				return ops.AveragePool(in[0], p.size, p.over)
			},
			"global max": func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
				return ops.GlobalMax(in[0], name == "same")
			},
			"global average": func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
				return ops.GlobalAverage(in[0], name == "same")
			},
		}
		for op, apply := range ops {
			t.Run(op+" "+name, func(t *testing.T) {
				optest.Run(t, of(apply, optest.Random(1, p.x...)))
			})
		}
	}
}

// TestAPoolOfManyPixels goes down and across one after the other, and has the values
// and the gradient of one.
func TestAPoolOfManyPixels(t *testing.T) {
	x := optest.Random(1, 1, 20, 19, 2)
	for i, v := range x.Float64s() {
		x.Float64s()[i] = float64(int(2 * v)) // many are the largest
	}
	for _, over := range []graph.Window{{}, {Strides: [2]int{2, 3}, Same: true}} {
		optest.Twin(t, of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			return ops.MaxPool(in[0], [2]int{17, 18}, over)
		}, x))
	}
}

// TestTiesOfPools: where several are the largest, the fused and the plain gradient
// are the same.
func TestTiesOfPools(t *testing.T) {
	x := optest.Random(1, 2, 5, 6, 3)
	for i, v := range x.Float64s() {
		x.Float64s()[i] = float64(int(2 * v))
	}
	for _, same := range []bool{false, true} {
		optest.Twin(t, of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			return ops.MaxPool(in[0], [2]int{3, 2}, graph.Window{Strides: [2]int{2, 1}, Same: same})
		}, x))
	}
	optest.Twin(t, of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) { return ops.GlobalMax(in[0], false) }, x))
}

func TestPoolsRefuse(t *testing.T) {
	image := []tensor.Shape{{1, 4, 5, 2}}
	optest.Refuses(t, graph.MaxPool[float32]{Size: [2]int{5, 2}}, image, "5 x 2", "does not fit", "4 x 5")
	optest.Refuses(t, graph.MaxPool[float32]{Size: [2]int{2, 0}}, image, "2 x 0", "at least 1")
	optest.Refuses(t, graph.MaxPool[float32]{Size: [2]int{17, 17}, Over: graph.Window{Same: true}}, image, "17 x 17", "256")
	optest.Refuses(t, graph.AveragePool[float32]{Size: [2]int{2, 2}, Over: graph.Window{Strides: [2]int{-1, 1}}}, image, "negative")
	optest.Refuses(t, graph.AveragePool[float32]{Size: [2]int{2, 2}, Over: graph.Window{Dilation: [2]int{1, 2}}}, image, "dilation", "[1 2]")
	optest.Refuses(t, graph.AveragePool[float32]{Size: [2]int{2, 2}}, []tensor.Shape{{4, 5}}, "(N,H,W,C)", "(4, 5)")
	optest.Refuses(t, graph.GlobalMax[float32]{}, []tensor.Shape{{4, 5}}, "(N,H,W,C)")
	optest.Identity(t, graph.GlobalAverage[float32]{})
	optest.Identity(t, graph.GlobalMax[float32]{})
	for _, of := range []func(size [2]int, over graph.Window) graph.Op{
		func(size [2]int, over graph.Window) graph.Op { return graph.MaxPool[float32]{Size: size, Over: over} },
		func(size [2]int, over graph.Window) graph.Op {
			return graph.AveragePool[float32]{Size: size, Over: over}
		},
	} {
		names := make(map[string]bool)
		for _, size := range [][2]int{{2, 3}, {3, 2}} {
			for _, over := range []graph.Window{{}, {Same: true}, {Strides: [2]int{2, 1}}, {Strides: [2]int{1, 2}}, {Dilation: [2]int{2, 1}}} {
				names[of(size, over).String()] = true
			}
		}
		if len(names) != 10 {
			t.Errorf("ten pools have the names %v", names)
		}
	}
}
