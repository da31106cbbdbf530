package run_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/run"
)

// Doubled is a layer of one's own, which is registered.
type Doubled struct{ nets.Dense }

// Table is one with many numbers, each of which config.json has on a line.
type Table struct {
	nets.Dropout
	Numbers []float64
}

func init() {
	nets.Register(Doubled{})
	nets.Register(Table{})
}

// nameless is one that is not.
type nameless struct{ Doubled }

func modelOf(t *testing.T, l nets.Layer) *nets.Model {
	t.Helper()
	m, err := nets.New(nets.Network{Name: "own", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{l, nets.Dense{Units: 3}}}, tensor.Float32, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestARunHoldsItsNetwork: one with a layer of one's own is loaded with no name that
// anybody knows, and says what it takes to a program that does not know the layer.
func TestARunHoldsItsNetwork(t *testing.T) {
	m := modelOf(t, Doubled{nets.Dense{Units: 8}})
	c, err := run.NewConfig(m)
	if err != nil {
		t.Fatal(err)
	}
	loaded, _, err := aRun(t, c, m).LoadModel()
	if err != nil || nets.SameNetwork(loaded.Network, m.Network) != "" || sum(t, loaded) != sum(t, m) {
		t.Errorf("%v: another model is loaded", err)
	}
	long := modelOf(t, Table{nets.Dropout{}, make([]float64, 1<<17)})
	if c, err = run.NewConfig(long); err != nil {
		t.Fatal(err)
	}
	if loaded, _, err = aRun(t, c, long).LoadModel(); err != nil || nets.SameNetwork(loaded.Network, long.Network) != "" {
		t.Errorf("of a long config another model is loaded: %v", err)
	}
	if c, err = run.NewConfig(m); err != nil {
		t.Fatal(err)
	}
	c.Model = json.RawMessage(strings.ReplaceAll(string(c.Model), "Doubled", "Tripled"))
	_, _, err = aRun(t, c, m).LoadModel()
	own := (*run.LayerError)(nil)
	if !errors.As(err, &own) || own.Class != "Tripled" || !slices.Equal(own.Packages, []string{"stheno/nets/run_test"}) || !strings.Contains(err.Error(), `the layer "Tripled", which this program does not know: run a program that imports stheno/nets/run_test`) {
		t.Errorf("%v", err)
	}
	c.Model = json.RawMessage(strings.ReplaceAll(string(c.Model), `"stheno/nets/run_test"`, "null")) // as of a package main
	if _, _, err = aRun(t, c, m).LoadModel(); err == nil || !strings.Contains(err.Error(), "move the layer, which is in a program, into a package that calls nets.Register") {
		t.Errorf("%v", err)
	}
	c.Format = 2
	if _, err := c.Net(); err == nil || !strings.Contains(err.Error(), "has a model, which runs of format 2 have not") {
		t.Errorf("%v", err)
	}
	if _, err := run.NewConfig(modelOf(t, nameless{Doubled{nets.Dense{Units: 8}}})); err == nil || !strings.Contains(err.Error(), "its layer nameless is not registered: call nets.Register(nameless{}) beside its type") {
		t.Errorf("%v", err)
	}
}
