package run_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
)

// Lion steps by the sign of gradient and momentum (Chen and others, 2023), here
// for weights in float32.
type Lion struct {
	Rate  float64 `json:"learning_rate"`
	Beta1 float32 `json:"beta_1"`
	Beta2 float32 `json:"beta_2"`

	step int
	m    map[string]*tensor.Dense // by the weight's name
}

func (l *Lion) LearningRate() float64        { return l.Rate }
func (l *Lion) SetLearningRate(rate float64) { l.Rate = rate }

func (l *Lion) Step(weights []gorgonia.ValueGrad) error {
	for _, w := range weights {
		grad, err := w.Grad()
		if err != nil {
			return err
		}
		name, value := w.(gorgonia.Namer).Name(), w.Value().(*tensor.Dense)
		if l.m[name] == nil {
			l.m[name] = tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(value.Shape()...))
		}
		m, dw := l.m[name].Float32s(), grad.(*tensor.Dense).Float32s()
		for i, g := range dw {
			switch u := l.Beta1*m[i] + (1-l.Beta1)*g; {
			case u > 0:
				value.Float32s()[i] -= float32(l.Rate)
			case u < 0:
				value.Float32s()[i] += float32(l.Rate)
			}
			m[i] = l.Beta2*m[i] + (1-l.Beta2)*g
		}
	}
	l.step++
	return nil
}

func (l *Lion) State() train.OptimizerState {
	s := train.OptimizerState{Name: "Lion", Step: l.step}
	s.Settings, _ = json.Marshal(l)
	for _, name := range slices.Sorted(maps.Keys(l.m)) {
		s.Tensors = append(s.Tensors, nets.Weight{Name: "momentum." + name, Value: l.m[name]})
	}
	return s
}

func (l *Lion) Restore(s train.OptimizerState) error {
	if s.Name != "Lion" {
		return fmt.Errorf("the state is of %s, this is Lion", s.Name)
	}
	next := Lion{step: s.Step, m: make(map[string]*tensor.Dense)}
	if err := json.Unmarshal(s.Settings, &next); err != nil {
		return err
	}
	for _, t := range s.Tensors {
		next.m[strings.TrimPrefix(t.Name, "momentum.")] = t.Value
	}
	*l = next
	return nil
}

// Belongs keeps a checkpoint of another network from being gone on with.
func (l *Lion) Belongs(m *nets.Model) error {
	for _, w := range m.Trained() {
		if own := l.m[w.Name]; l.step > 0 && (own == nil || !own.Shape().Eq(w.Value.Shape()) || own.Dtype() != w.Value.Dtype()) {
			return fmt.Errorf("Lion has no momentum that fits %s", w.Name)
		}
	}
	return nil
}

// An optimizer of one's own lists its state, and so it is saved in checkpoints
// and goes on with the bits of a run that was not interrupted.
func Example_ownOptimizer() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	pixels, labels := make([]uint8, 16*16), make([]int, 16)
	for i := range labels { // one bright pixel, on the left or on the right
		pixels[16*i+i], labels[i] = 255, i%4/2
	}
	rows, err := data.NewSet(pixels, labels, [3]int{4, 4, 1}, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	parts := func() run.Parts {
		model, err := nets.New(nets.MLP(rows.Shape(), 2), tensor.Float32, rand.New(rand.NewPCG(1, 0)))
		if err != nil {
			panic(err)
		}
		return run.Parts{Model: model, Optimizer: &Lion{Rate: 0.001, Beta1: 0.9, Beta2: 0.99, m: make(map[string]*tensor.Dense)}}
	}
	fit := func(p run.Parts, epochs int, from train.Position, callbacks ...train.Callback) error {
		_, err := train.Fit(context.Background(), p.Model, rows, p.Optimizer, train.Plan{Epochs: epochs, Batch: 4, Shuffle: true, Seed: 1, From: from, Callbacks: callbacks})
		return err
	}

	first := parts()
	checkpoint := &run.Checkpoint{Parts: first}
	folder, err := run.CreateFolder(filepath.Join(dir, "run"), "mlp", time.Now(), checkpoint.Begin)
	if err != nil {
		fmt.Println(err)
		return
	}
	checkpoint.Folder = folder
	fmt.Println("two epochs:", fit(first, 2, train.Position{}, checkpoint))

	second := parts()
	state, _, err := folder.LoadState()
	if err == nil {
		err = state.Restore(second)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("after step", second.Optimizer.State().Step, "two more:", fit(second, 4, state.Position))

	whole := parts()
	fmt.Println("all four:", fit(whole, 4, train.Position{}))
	same := true
	for i, w := range whole.Model.Weights {
		same = same && slices.Equal(w.Value.Float32s(), second.Model.Weights[i].Value.Float32s())
	}
	fmt.Println("the same weights:", same)

	adam := parts()
	adam.Optimizer = train.NewAdam(0.001)
	fmt.Println(state.Restore(adam))
	// Output:
	// two epochs: <nil>
	// after step 8 two more: <nil>
	// all four: <nil>
	// the same weights: true
	// run: checkpoint: is of the optimizer "Lion", this run trains with Adam
}
