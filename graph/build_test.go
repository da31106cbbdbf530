package graph_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// TestBuildInsideBuild is an error of the inner one, and no deadlock; Build works on.
func TestBuildInsideBuild(t *testing.T) {
	empty := func(*gorgonia.ExprGraph) error { return nil }
	done := make(chan error, 1)
	go func() {
		_, err := graph.Build(func(*gorgonia.ExprGraph) error {
			_, err := graph.Build(empty)
			return err
		})
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "Build inside") {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("deadlock")
	}
	if _, err := graph.Build(empty); err != nil {
		t.Error(err)
	}
}

// TestBuildSaysWhatPanicked, and where.
func TestBuildSaysWhatPanicked(t *testing.T) {
	var none []int
	refuses(t, func(*gorgonia.ExprGraph) error { none[1] = 2; return nil }, "panicked at build_test.go:", "index out of range")
	refuses(t, func(g *gorgonia.ExprGraph) error {
		gorgonia.Must(gorgonia.Add(vector(g, "a", 1, 2), vector(g, "b", 1, 2, 3)))
		return nil
	}, "panicked at build_test.go:")
	reason := errors.New("a reason")
	if _, err := graph.Build(func(*gorgonia.ExprGraph) error { panic(reason) }); !errors.Is(err, reason) {
		t.Errorf("%v is not the builder's error", err)
	}
	refuses(t, nil, "needs a function")
	if _, err := graph.Build(func(*gorgonia.ExprGraph) error { return nil }, graph.Training, graph.Evaluation); err == nil {
		t.Error("two phases are accepted")
	}
}

// TestInputsAreTold apart by their names.
func TestInputsAreTold(t *testing.T) {
	for want, add := range map[string]func(g *gorgonia.ExprGraph){
		`named "x"`: func(g *gorgonia.ExprGraph) { vector(g, "x", 1); graph.NewInput(g, tensor.Float64, "x", 1) },
		`named "y"`: func(g *gorgonia.ExprGraph) { graph.NewInput(g, tensor.Int, "y", 1); vector(g, "y", 1, 2) },
		`named "z"`: func(g *gorgonia.ExprGraph) {
			gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(1), gorgonia.WithName("z"))
			vector(g, "z", 1)
		},
		"needs a name":   func(g *gorgonia.ExprGraph) { graph.NewInput(g, tensor.Float64, "", 1) },
		"has no value":   func(g *gorgonia.ExprGraph) { graph.NewParam(g, "w", nil) },
		"1 or more":      func(g *gorgonia.ExprGraph) { graph.NewInput(g, tensor.Float64, "x", 2, 0) },
		"for no graph":   func(*gorgonia.ExprGraph) { graph.NewInput(nil, tensor.Float64, "x", 2) },
		"cannot have th": func(g *gorgonia.ExprGraph) { graph.NewInput(g, tensor.Float64, "x", -1) },
	} {
		refuses(t, func(g *gorgonia.ExprGraph) error { add(g); return nil }, want)
	}
}

// ops are all of Ops, of inputs of a type and labels of another.
func everyOp(g *gorgonia.ExprGraph, of, rest, labels tensor.Dtype) map[string]func() error {
	in := func(name string, dt tensor.Dtype, shape ...int) *gorgonia.Node {
		if old := g.ByName(name); len(old) > 0 {
			return old[0]
		}
		return graph.NewInput(g, dt, name, shape...)
	}
	x := func() *gorgonia.Node { return in("x", of, 4, 6) }
	w := func() *gorgonia.Node { return in("w", rest, 6, 3) }
	l := func() *gorgonia.Node { return in("labels", labels, 4) }
	f := graph.Fused
	return map[string]func() error{
		"Affine": func() error { _, err := f.Affine(x(), w(), in("b", of, 3), false); return err },
		"Convolve": func() error {
			_, err := f.Convolve(in("i", of, 1, 3, 3, 1), in("k", rest, 2, 2, 1, 2), in("c", of, 2), graph.Window{}, 1, false)
			return err
		},
		"L2":                 func() error { _, err := f.L2(in("s", of), 1, w()); return err },
		"InnerProducts":      func() error { _, err := f.InnerProducts(x(), in("v", rest, 3, 6)); return err },
		"CrossEntropy":       func() error { _, _, err := f.CrossEntropy(x(), l(), 0); return err },
		"SupCon":             func() error { _, _, err := f.SupCon(x(), l(), 1); return err },
		"Triplet":            func() error { _, _, err := f.Triplet(x(), l(), 1); return err },
		"CosFace":            func() error { _, _, err := f.CosFace(x(), l(), 1, 0); return err },
		"stock CrossEntropy": func() error { _, _, err := graph.Stock.CrossEntropy(x(), l(), 0); return err },
		"stock SupCon":       func() error { _, _, err := graph.Stock.SupCon(x(), l(), 1); return err },
	}
}

// TestElementTypesAreSettled when an op is applied: all floats are of one type, and
// labels are ints.
func TestElementTypesAreSettled(t *testing.T) {
	check := func(of, rest, labels tensor.Dtype, wrong func(name string) bool) {
		t.Helper()
		refuses(t, func(g *gorgonia.ExprGraph) error {
			for name, apply := range everyOp(g, of, rest, labels) {
				err := apply()
				if refused := err != nil && strings.Contains(err.Error(), "element type"); refused != wrong(name) {
					t.Errorf("%s of %v, %v and labels of %v: %v", name, of, rest, labels, err)
				}
			}
			return errors.New("built")
		}, "built")
	}
	labelled := func(name string) bool {
		return strings.HasSuffix(name, "CrossEntropy") || strings.HasSuffix(name, "SupCon") || name == "Triplet" || name == "CosFace"
	}
	check(tensor.Float64, tensor.Float64, tensor.Int, func(string) bool { return false })
	check(tensor.Float32, tensor.Float32, tensor.Int, func(string) bool { return false })
	check(tensor.Float64, tensor.Float32, tensor.Float64, func(string) bool { return true })
	check(tensor.Float32, tensor.Float64, tensor.Int64, func(string) bool { return true })
	check(tensor.Float64, tensor.Float64, tensor.Float32, labelled)
	check(tensor.Int, tensor.Int, tensor.Int, func(string) bool { return true })
	for _, dt := range []tensor.Dtype{tensor.Int, tensor.Int32, tensor.Bool, tensor.Float32} {
		refuses(t, func(g *gorgonia.ExprGraph) error {
			_, err := graph.Apply(graph.Softmax[float64]{}, graph.NewInput(g, dt, "x", 2, 3))
			return err
		}, "input 0 has the element type "+dt.String()+", wants float64")
	}
	refuses(t, func(g *gorgonia.ExprGraph) error { // an op that does not say what it takes
		_, err := graph.Apply(double{}, graph.NewInput(g, tensor.Complex64, "x", 2, 3))
		return err
	}, "element type complex64")
}

// TestInputsThatDoNotFit: too few or too many, none, nil, or of another graph.
func TestInputsThatDoNotFit(t *testing.T) {
	foreign := vector(gorgonia.NewGraph(), "foreign", 1, 2)
	apply := func(op graph.Op, in func(x *gorgonia.Node) gorgonia.Nodes, fragments ...string) {
		t.Helper()
		refuses(t, func(g *gorgonia.ExprGraph) error {
			_, err := graph.Apply(op, in(graph.NewInput(g, tensor.Float64, "x", 2, 3))...)
			return err
		}, fragments...)
	}
	repeated := func(n int) func(x *gorgonia.Node) gorgonia.Nodes {
		return func(x *gorgonia.Node) (in gorgonia.Nodes) {
			for range n {
				in = append(in, x)
			}
			return in
		}
	}
	apply(graph.Affine[float64]{}, repeated(1), "Affine", "takes 3 inputs, got 1")
	apply(graph.Affine[float64]{}, repeated(4), "takes 3 inputs, got 4")
	apply(graph.L2[float64]{}, repeated(1), "takes 2 inputs, got 1")
	apply(graph.Softmax[float64]{}, repeated(0), "no input is a node of a graph")
	apply(graph.Softmax[float64]{}, func(*gorgonia.Node) gorgonia.Nodes { return gorgonia.Nodes{nil} }, "input 0 is nil")
	apply(graph.InnerProducts[float64]{}, func(x *gorgonia.Node) gorgonia.Nodes { return gorgonia.Nodes{x, foreign} }, "input 1 (foreign) is a node of another graph")
	apply(nil, repeated(1), "there is no op")
	apply(second{}, repeated(1), "does not take 1 inputs")
	for name, f := range map[string]func() (*gorgonia.Node, error){
		"Affine":       func() (*gorgonia.Node, error) { return graph.Fused.Affine(nil, nil, nil, true) },
		"Flatten":      func() (*gorgonia.Node, error) { return graph.Fused.Flatten(nil) },
		"Dropout":      func() (*gorgonia.Node, error) { return graph.Fused.Dropout(nil, 0.5, rand.NewPCG(1, 2)) },
		"Output":       func() (*gorgonia.Node, error) { return graph.Output(nil, 0) },
		"output":       func() (*gorgonia.Node, error) { return graph.Output(foreign, -1) },
		"stock":        func() (*gorgonia.Node, error) { return graph.Stock.Flatten(nil) },
		"stock Affine": func() (*gorgonia.Node, error) { return graph.Stock.Affine(nil, nil, nil, true) },
		"stock loss": func() (*gorgonia.Node, error) {
			n, _, err := graph.Stock.CrossEntropy(foreign, nil, 0)
			return n, err
		},
		"stock CosFace": func() (*gorgonia.Node, error) {
			n, _, err := graph.Stock.CosFace(foreign, foreign, 1, 0)
			return n, err
		},
		"stock Normalize": func() (*gorgonia.Node, error) { return graph.Stock.Normalize(nil) },
		"scalar": func() (*gorgonia.Node, error) {
			return graph.Fused.Flatten(graph.NewInput(gorgonia.NewGraph(), tensor.Float64, "s"))
		},
	} {
		if n, err := f(); err == nil {
			t.Errorf("%s: %v", name, n)
		}
	}
}

// second is an op whose Shape counts on a second input.
type second struct{ double }

func (second) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	return []tensor.Shape{in[1].Clone()}, nil
}

// TestSliceRefuses what it would read wrong.
func TestSliceRefuses(t *testing.T) {
	square := tensorOf(tensor.Shape{2, 2}, 1.0, 2, 3, 4)
	column, err := square.Slice(nil, gorgonia.S(0))
	if err != nil {
		t.Fatal(err)
	}
	row, err := square.Slice(gorgonia.S(1))
	if err != nil {
		t.Fatal(err)
	}
	turned := square.Clone().(*tensor.Dense)
	if err := turned.T(); err != nil {
		t.Fatal(err)
	}
	panics := func(v gorgonia.Value) (message any) {
		defer func() { message = recover() }()
		graph.Slice[float64](v)
		return nil
	}
	for name, v := range map[string]gorgonia.Value{"a column": column.(gorgonia.Value), "a transpose": turned,
		"column-major":    tensor.New(tensor.WithShape(2, 3), tensor.AsFortran([]float64{1, 2, 3, 4, 5, 6})),
		"another type":    tensorOf(tensor.Shape{1}, float32(1)),
		"a scalar":        gorgonia.NewF32(1),
		"labels":          tensorOf(tensor.Shape{1}, 1),
		"nothing":         nil,
		"another integer": gorgonia.NewI(1),
	} {
		if panics(v) == nil {
			t.Errorf("%s passes", name)
		}
	}
	if got := graph.Slice[float64](row.(gorgonia.Value)); len(got) != 2 || &got[0] != &square.Float64s()[2] {
		t.Errorf("a row, which lies in order, is %v", got)
	}
}

// TestIntegersAreAdded by Gorgonia's machine: the tape's sum is one of floats.
func TestIntegersAreAdded(t *testing.T) {
	var y *gorgonia.Node
	m, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
		y, err = gorgonia.Add(graph.NewParam(g, "a", tensorOf(tensor.Shape{2}, 1, 2)), graph.NewParam(g, "b", tensorOf(tensor.Shape{2}, 3, 4)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	if got := y.Value().(*tensor.Dense).Ints(); got[0] != 4 || got[1] != 6 {
		t.Errorf("%v, want [4 6]", got)
	}
}

func TestAMachineThatBuildHasNotMadeIsRefused(t *testing.T) {
	m := &graph.Machine{}
	for _, err := range []error{m.Run(), m.Ready()} {
		if err == nil || !strings.Contains(err.Error(), "Build makes one") {
			t.Errorf("error %v", err)
		}
	}
}

// TestTwinsRefuseWhatTheFusedOpsDo: Gorgonia ends the process at some of it.
func TestTwinsRefuseWhatTheFusedOpsDo(t *testing.T) {
	for name, build := range map[string]func(o graph.Ops, in func(dt tensor.Dtype, shape ...int) *gorgonia.Node) error{
		"a kernel larger than the images": func(o graph.Ops, in func(tensor.Dtype, ...int) *gorgonia.Node) error {
			_, err := o.Convolve(in(tensor.Float32, 1, 4, 4, 1), in(tensor.Float32, 5, 5, 1, 2), in(tensor.Float32, 2), graph.Window{}, 1, false)
			return err
		},
		"a smoothing of 7": func(o graph.Ops, in func(tensor.Dtype, ...int) *gorgonia.Node) error {
			_, _, err := o.CrossEntropy(in(tensor.Float32, 2, 3), in(tensor.Int, 2), 7)
			return err
		},
		"a bias that is a column": func(o graph.Ops, in func(tensor.Dtype, ...int) *gorgonia.Node) error {
			_, err := o.Affine(in(tensor.Float32, 2, 3), in(tensor.Float32, 3, 2), in(tensor.Float32, 2, 1), false)
			return err
		},
		"a factor below 0": func(o graph.Ops, in func(tensor.Dtype, ...int) *gorgonia.Node) error {
			_, err := o.L2(in(tensor.Float32), -1, in(tensor.Float32, 2))
			return err
		},
		"a temperature of 0": func(o graph.Ops, in func(tensor.Dtype, ...int) *gorgonia.Node) error {
			_, _, err := o.SupCon(in(tensor.Float32, 2, 3), in(tensor.Int, 2), 0)
			return err
		},
		"a scale below 0": func(o graph.Ops, in func(tensor.Dtype, ...int) *gorgonia.Node) error {
			_, _, err := o.CosFace(in(tensor.Float32, 2, 3), in(tensor.Int, 2), -1, 0)
			return err
		},
		"probabilities of a row": func(o graph.Ops, in func(tensor.Dtype, ...int) *gorgonia.Node) error {
			_, err := o.Softmax(in(tensor.Float32, 4))
			return err
		},
		"rows of a scalar": func(o graph.Ops, in func(tensor.Dtype, ...int) *gorgonia.Node) error {
			_, err := o.Flatten(in(tensor.Float32))
			return err
		},
	} {
		texts := make(map[string]bool)
		for _, o := range []graph.Ops{graph.Fused, graph.Stock} {
			_, err := graph.Build(func(g *gorgonia.ExprGraph) error {
				inputs := 0
				return build(o, func(dt tensor.Dtype, shape ...int) *gorgonia.Node {
					inputs++
					return graph.NewInput(g, dt, string(rune('a'+inputs)), shape...)
				})
			})
			if err == nil {
				t.Errorf("%s is taken by %T", name, o)
				continue
			}
			texts[err.Error()] = true
		}
		if len(texts) > 1 {
			t.Errorf("%s: two errors, %v", name, texts)
		}
	}
}

func TestUnknownPhasesAndTypesAreRefused(t *testing.T) {
	input := func(dt tensor.Dtype) func(*gorgonia.ExprGraph) error {
		return func(g *gorgonia.ExprGraph) error {
			graph.NewInput(g, dt, "x", 2)
			return nil
		}
	}
	for _, phase := range []graph.Phase{-1, 3} {
		if _, err := graph.Build(input(tensor.Float32), phase); err == nil || !strings.Contains(err.Error(), "there are AsSet, Training and Evaluation") {
			t.Errorf("phase %d: error %v", phase, err)
		}
	}
	if _, err := graph.Build(input(tensor.Dtype{})); err == nil || !strings.Contains(err.Error(), `input "x" has no element type`) {
		t.Errorf("error %v", err)
	}
	if graph.Of(nil) != nil || graph.First(nil) != nil {
		t.Error("no node has an op")
	}
}

// careless is an op whose Run panics: x (...) -> y (...).
type careless struct{ double }

func (careless) String() string { return "Careless" }

func (careless) Run(out, in []gorgonia.Value) error { panic("no milk") }

// TestAPanicOfAnOpIsOneLine that says where, on both machines.
func TestAPanicOfAnOpIsOneLine(t *testing.T) {
	for _, stock := range []bool{false, true} {
		m, err := graph.Build(func(g *gorgonia.ExprGraph) error {
			y, err := graph.Apply(careless{}, graph.NewInput(g, tensor.Float64, "x", 2))
			if err == nil && stock {
				_, err = gorgonia.Tanh(y)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Run(); err == nil || !strings.Contains(err.Error(), "graph: Careless panicked at build_test.go:") || !strings.Contains(err.Error(), "no milk") || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v", err)
		}
	}
}
