package train_test

import (
	"math"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/train"
)

// rateLog collects the rate of each step.
type rateLog struct {
	train.Hooks
	seen []float64
}

func (r *rateLog) BatchEnd(s *train.Stats) error {
	r.seen = append(r.seen, s.LearningRate)
	return nil
}

// TestShortRunsGoThroughTheirSchedule: of one and two epochs with AdamW, step by
// step from the first rate to the last.
func TestShortRunsGoThroughTheirSchedule(t *testing.T) {
	const peak, batches = 0.01, 10
	for _, epochs := range []int{1, 2} {
		for _, form := range []string{"onecycle", "cosine", "warmup:3,cosine"} {
			schedule, err := train.ParseSchedule(form, peak, batches, epochs*batches)
			if err != nil {
				t.Fatal(err)
			}
			m, adam := newModel(t, toy, tensor.Float32), train.NewAdam(peak)
			adam.WeightDecay = 0.1
			r := &rateLog{}
			plan := train.Plan{Epochs: epochs, Batch: 4, Callbacks: []train.Callback{train.LearningRateSchedule{Optimizer: adam, Schedule: schedule}, r}}
			if _, err := train.Fit(t.Context(), m, images(40, toy.Input, 3), adam, plan); err != nil {
				t.Fatal(err)
			}
			first, last, top := map[string]float64{"onecycle": peak / 25, "cosine": peak, "warmup:3,cosine": peak / 4}[form], r.seen[len(r.seen)-1], 0.0
			for _, rate := range r.seen {
				top = max(top, rate)
			}
			if len(r.seen) != epochs*batches || math.Abs(r.seen[0]-first) > 1e-12 || top < 0.75*peak || last > 0.03*peak {
				t.Errorf("%s over %d epochs: %v", form, epochs, r.seen)
			}
		}
	}
}

// TestDecayTakesFromKernelsAlone: where there is no gradient, nothing else
// changes a weight.
func TestDecayTakesFromKernelsAlone(t *testing.T) {
	m := newModel(t, toy, tensor.Float64)
	adam := train.NewAdam(0.5)
	adam.WeightDecay = 0.25
	var before [][]float64
	for _, w := range m.Weights {
		w.Value.Float64s()[0] = 3
		before = append(before, floats(w.Value))
	}
	p, err := m.Program(nets.Training, 4) // which has not run: its gradients are zero
	if err != nil {
		t.Fatal(err)
	}
	if err := adam.Step(p.Gradients()); err != nil {
		t.Fatal(err)
	}
	for i, w := range m.Weights {
		keep := 1.0
		if nets.IsKernel(w.Name) {
			keep = 1 - 0.5*0.25
		}
		for j, v := range floats(w.Value) {
			if v != before[i][j]*keep {
				t.Fatalf("%s: %v became %v, want times %v", w.Name, before[i][j], v, keep)
			}
		}
	}
}
