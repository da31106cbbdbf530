package bench

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"stheno/data"
	"stheno/graph/kernel"
	"stheno/nets"
	"stheno/nets/train"
)

func BenchmarkStep(b *testing.B) {
	for _, net := range networks {
		for _, impl := range implementations() {
			b.Run(fmt.Sprintf("net=%s/batch=%d/impl=%s", net.name, batch, impl.name), func(b *testing.B) {
				if net.name == "cnn" && impl.kernels == "generic" && testing.Short() {
					b.Skip("-short leaves out what takes seconds a step")
				}
				impl.use(b)
				m := newModel(b, net, impl)
				timeSteps(b, m, stepper(b, m, batch), batch)
			})
		}
		b.Run(fmt.Sprintf("net=%s/batch=%d/impl=dense", net.name, batch), func(b *testing.B) {
			m := newModel(b, net, auto)
			timeSteps(b, m, stepperOn(b, m, train.NewAdam(0.001), withoutZeros(dataset(b).Train), batch), batch)
		})
	}
}

// timeSteps reports what a step takes.
func timeSteps(b *testing.B, m *nets.Model, step func(), rows int) {
	roof, best := newRoof(), math.Inf(1)
	b.ReportAllocs()
	for b.Loop() {
		began := time.Now()
		step()
		best = min(best, time.Since(began).Seconds())
	}
	seconds := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(float64(rows)/seconds, "samples/s")
	b.ReportMetric(1e3*seconds, "ms/step")
	b.ReportMetric(1e3*best, "best-ms/step")
	b.ReportMetric(operations(m, rows)/seconds/1e9, "GFLOP/s")
	if rows == batch {
		roof.report(b, "%floor", attainable(m), best)
	}
}

// BenchmarkScale is a step at other batch sizes and numbers of threads.
func BenchmarkScale(b *testing.B) {
	for _, net := range networks {
		for _, threads := range threadCounts() {
			for _, rows := range []int{1, 4, 16, 64, 128, 256, 1024, 4096} {
				b.Run(fmt.Sprintf("net=%s/batch=%d/threads=%d", net.name, rows, threads), func(b *testing.B) {
					if rows > 256 && testing.Short() {
						b.Skip("-short leaves out large batches")
					}
					kernel.SetThreads(threads)
					b.Cleanup(func() { kernel.SetThreads(0) })
					m := newModel(b, net, auto)
					timeSteps(b, m, stepper(b, m, rows), rows)
				})
			}
		}
	}
}

// threadCounts are 1, 2, 4 ... and all of them.
func threadCounts() (counts []int) {
	all := kernel.Threads()
	for n := 1; n < all; n *= 2 {
		counts = append(counts, n)
	}
	return append(counts, all)
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
