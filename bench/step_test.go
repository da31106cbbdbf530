package bench

import (
	"context"
	"fmt"
	"testing"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/train"
)

func BenchmarkStep(b *testing.B) {
	for _, net := range networks {
		for _, impl := range implementations {
			b.Run(fmt.Sprintf("net=%s/batch=%d/impl=%s", net.name, batch, impl.name), func(b *testing.B) {
				m := newModel(b, net, impl)
				step := stepper(b, m)
				b.ReportAllocs()
				for b.Loop() {
					step()
				}
				seconds := b.Elapsed().Seconds() / float64(b.N)
				b.ReportMetric(batch/seconds, "samples/s")
				b.ReportMetric(1e3*seconds, "ms/step")
				b.ReportMetric(operations(m.Network, batch)/seconds/1e9, "GFLOP/s")
			})
		}
	}
}

// enough is a test accuracy that both networks reach in their first epoch: a
// fast epoch that does not learn is worth nothing.
const enough = 0.93

func BenchmarkEpoch(b *testing.B) {
	for _, net := range networks {
		b.Run(fmt.Sprintf("net=%s/batch=%d/impl=%s", net.name, batch, auto.name), func(b *testing.B) {
			if net.name == "cnn" && testing.Short() {
				b.Skip("-short leaves out the CNN's whole epoch")
			}
			set, m, adam := dataset(b), newModel(b, net, auto), train.NewAdam(0.001)
			compile(b, m, nets.Training, set.Train)
			compile(b, m, nets.Evaluation, set.Test)
			var training, whole float64 // seconds
			steps := 0
			b.ReportAllocs()
			for b.Loop() {
				s, err := train.Fit(context.Background(), m, set.Train, adam, train.Plan{
					Epochs: 1, Batch: batch, Shuffle: true, Seed: 1, Validation: set.Test, Callbacks: []train.Callback{&train.Stopwatch{}},
				})
				if err != nil || s.Step != 469 || s.ValAccuracy < enough {
					b.Fatalf("%d steps to a test accuracy of %.4f, expected 469 to more than %v: %v", s.Step, s.ValAccuracy, enough, err)
				}
				training, whole, steps = training+s.SecondsPerStep*float64(s.Batch), whole+s.Seconds, steps+s.Batch
			}
			b.ReportMetric(float64(b.N*set.Train.Len())/training, "samples/s")
			b.ReportMetric(1e3*training/float64(steps), "ms/step")
			b.ReportMetric(whole/float64(b.N), "s/epoch")
		})
	}
}

// compile makes the programs of an epoch's batches, the last one included.
func compile(b *testing.B, m *nets.Model, phase nets.Phase, rows *data.Set) {
	b.Helper()
	for _, size := range []int{batch, rows.Len() % batch} {
		if _, err := m.Program(phase, size); err != nil {
			b.Fatal(err)
		}
	}
}
