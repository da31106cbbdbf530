// Package optest checks an op against the contract of graph.Op: its gradient
// against central differences, its results against its plain twin, its
// identity, what it refuses, and that it makes no garbage.
package optest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// Case is an op applied to inputs. Float64 inputs are differentiated by, int
// inputs are labels.
type Case struct {
	Apply  func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error)
	Inputs []*tensor.Dense
}

// Random is a float64 tensor of reproducible numbers in (-1,1), none of them
// near 0, where a ReLU would make a derivative that no difference can find.
func Random(seed uint64, shape ...int) *tensor.Dense {
	rng := rand.New(rand.NewPCG(seed, 0))
	x := make([]float64, tensor.Shape(shape).TotalSize())
	for i := range x {
		x[i] = (0.1 + 0.9*rng.Float64()) * float64(1-2*rng.IntN(2))
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x))
}

// Labels is a tensor of labels.
func Labels(labels ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(labels)), tensor.WithBacking(labels))
}

// Run makes all checks that a case allows, as subtests.
func Run(t *testing.T, c Case) {
	t.Helper()
	t.Run("gradient", func(t *testing.T) { Gradient(t, c) })
	t.Run("twin", func(t *testing.T) { Twin(t, c) })
	t.Run("garbage", func(t *testing.T) { Garbage(t, c) })
}

// program is a case as a graph that ends in a scalar: the op's own output, or
// the sum of its elements times fixed random factors.
type program struct {
	machine  *graph.Machine
	out      *gorgonia.Node
	loss     gorgonia.Value
	gradient gorgonia.Nodes
	by       []*tensor.Dense // the float inputs
}

func build(t *testing.T, c Case, ops graph.Ops, grad bool) *program {
	t.Helper()
	p := &program{}
	machine, err := graph.Build(func(g *gorgonia.ExprGraph) error {
		var in, by gorgonia.Nodes
		for i, v := range c.Inputs {
			n := graph.NewParam(g, string(rune('a'+i)), v)
			in = append(in, n)
			if v.Dtype() == tensor.Float64 {
				by, p.by = append(by, n), append(p.by, v)
			}
		}
		var err error
		if p.out, err = c.Apply(ops, in); err != nil {
			return err
		}
		loss := p.out
		if !loss.IsScalar() {
			factors := graph.NewParam(g, "factors", Random(99, loss.Shape()...))
			loss = gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.HadamardProd(factors, loss))))
		}
		gorgonia.Read(loss, &p.loss)
		if grad {
			p.gradient, err = graph.Grad(loss, by...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { machine.Close() })
	p.machine = machine
	return p
}

func (p *program) run(t *testing.T) float64 {
	t.Helper()
	if err := p.machine.Run(); err != nil {
		t.Fatal(err)
	}
	return graph.Slice[float64](p.loss)[0]
}

// Gradient compares the gradient by every coordinate of every float input with
// the central difference.
func Gradient(t *testing.T, c Case) {
	t.Helper()
	const h, tolerance = 1e-5, 1e-7
	analytic, forward := build(t, c, graph.Fused, true), build(t, c, graph.Fused, false)
	analytic.run(t)
	for i, x := range analytic.by {
		dx, x := graph.Slice[float64](analytic.gradient[i].Value()), x.Float64s()
		if len(dx) != len(x) {
			t.Fatalf("input %d: gradient of %d elements for %d", i, len(dx), len(x))
		}
		for j, at := range x {
			x[j] = at + h
			above := forward.run(t)
			x[j] = at - h
			below := forward.run(t)
			x[j] = at
			if want := (above - below) / (2 * h); math.Abs(dx[j]-want) > tolerance*(1+math.Abs(want)) {
				t.Errorf("input %d element %d: gradient %.9g, central difference %.9g", i, j, dx[j], want)
			}
		}
	}
}

// Twin compares results and gradients of the fused op and its stock twin.
func Twin(t *testing.T, c Case) {
	t.Helper()
	fused, stock := build(t, c, graph.Fused, true), build(t, c, graph.Stock, true)
	compare(t, "loss", []float64{fused.run(t)}, []float64{stock.run(t)})
	if !fused.out.IsScalar() {
		compare(t, "output", graph.Slice[float64](fused.out.Value()), graph.Slice[float64](stock.out.Value()))
	}
	for i := range fused.gradient {
		compare(t, fmt.Sprintf("gradient %d", i), graph.Slice[float64](fused.gradient[i].Value()), graph.Slice[float64](stock.gradient[i].Value()))
	}
}

func compare(t *testing.T, what string, fused, stock []float64) {
	t.Helper()
	if len(fused) != len(stock) {
		t.Fatalf("%s: %d elements, the twin has %d", what, len(fused), len(stock))
	}
	for i := range fused {
		if d := math.Abs(fused[i] - stock[i]); !(d <= 1e-10*(1+math.Abs(stock[i]))) {
			t.Fatalf("%s[%d]: %.12g, the twin has %.12g", what, i, fused[i], stock[i])
		}
	}
}

// Garbage fails if every step allocates more than a graph's bookkeeping does.
// Single steps may: a thread that helps for the first time needs memory once.
func Garbage(t *testing.T, c Case) {
	t.Helper()
	const steps, limit = 10, 32 << 10
	p := build(t, c, graph.Fused, true)
	least := uint64(math.MaxUint64)
	for range steps {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p.run(t)
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	if least > limit {
		t.Errorf("a step allocates %d bytes, more than %d", least, limit)
	}
}

// Identity fails if an op that differs in one setting has the same String.
// Pointers and interfaces are destinations and sources, not settings.
func Identity(t *testing.T, op graph.Op) {
	t.Helper()
	v := reflect.New(reflect.TypeOf(op)).Elem()
	v.Set(reflect.ValueOf(op))
	changeFields(t, v, func() {
		t.Helper()
		if changed := v.Interface().(graph.Op); changed.String() == op.String() {
			t.Errorf("%#v and %#v are both %s", op, changed, op)
		}
	})
}

// changeFields changes each setting of v in turn and calls check.
func changeFields(t *testing.T, v reflect.Value, check func()) {
	for i := range v.NumField() {
		f := v.Field(i)
		old := reflect.ValueOf(f.Interface())
		switch f.Kind() {
		case reflect.Bool:
			f.SetBool(!f.Bool())
		case reflect.Int:
			f.SetInt(f.Int() + 1)
		case reflect.Float64:
			f.SetFloat(f.Float() + 0.125)
		case reflect.Slice:
			f.Set(reflect.AppendSlice(reflect.MakeSlice(f.Type(), 0, f.Len()), f))
			f.Index(0).SetInt(f.Index(0).Int() + 1)
		case reflect.Struct:
			changeFields(t, f, check)
			continue
		case reflect.Array:
			f.Index(0).SetInt(f.Index(0).Int() + 1)
		case reflect.Pointer, reflect.Interface:
			continue
		default:
			t.Fatalf("optest: Identity does not know how to change a %s", f.Type())
		}
		check()
		f.Set(old)
	}
}

// Refuses fails unless op refuses inputs of these shapes with an error that
// contains all of the given fragments.
func Refuses(t *testing.T, op graph.Op, shapes []tensor.Shape, fragments ...string) {
	t.Helper()
	_, err := op.Shape(shapes...)
	if err == nil {
		t.Fatalf("%s takes %v", op, shapes)
	}
	for _, f := range fragments {
		if !strings.Contains(err.Error(), f) {
			t.Errorf("%s of %v: error %q does not say %q", op, shapes, err, f)
		}
	}
}
