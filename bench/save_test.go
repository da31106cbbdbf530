package bench

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"stheno/nets/run"
	"stheno/nets/train"
)

// epochSteps is how many steps an epoch has.
const epochSteps = 469

// saveSteps is how many steps a checkpoint is written beside, at least as many
// as it takes: a part of an epoch, so that there are many of them to compare.
var saveSteps = map[string]int{"mlp": 60, "cnn": 30}

// BenchmarkSave is the time by which an epoch grows by its checkpoint: the copy
// of the state, and what its writing takes from the steps beside it. Rounds of
// so many steps with a checkpoint and without are done in turns.
func BenchmarkSave(b *testing.B) {
	for _, net := range networks {
		b.Run(fmt.Sprintf("net=%s/batch=%d", net.name, batch), func(b *testing.B) {
			m, adam := newModel(b, net, auto), train.NewAdam(0.001)
			step := stepperOf(b, m, adam, batch)
			c := &run.Checkpoint{Parts: run.Parts{Model: m, Optimizer: adam}, Folder: run.Folder(b.TempDir())}
			if err := os.Mkdir(c.Folder.File(run.CheckpointDir), 0o777); err != nil {
				b.Fatal(err)
			}
			c.Warn = func(err error) { b.Fatal(err) }
			stats := &train.Stats{}
			round := func(save bool) (copied, whole float64) {
				began := time.Now()
				if save {
					if err := c.EpochEnd(stats); err != nil {
						b.Fatal(err)
					}
					copied = time.Since(began).Seconds()
				}
				for range saveSteps[net.name] {
					step()
					stats.Step++
				}
				if err := c.Close(); err != nil { // waits, if the steps were too few
					b.Fatal(err)
				}
				return copied, time.Since(began).Seconds()
			}
			round(true)                               // the copy's memory
			var copies, withs, plain, grown []float64 // seconds of each round
			for b.Loop() {
				_, before := round(false)
				copied, with := round(true)
				_, after := round(false)
				copies, withs, plain = append(copies, copied), append(withs, with), append(plain, before, after)
				grown = append(grown, with-(before+after)/2)
			}
			epoch := median(plain) / float64(saveSteps[net.name]) * epochSteps
			b.ReportMetric(1e3*median(grown), "ms/save")
			b.ReportMetric(1e3*(slices.Min(withs)-slices.Min(plain)), "best-ms/save")
			b.ReportMetric(1e3*median(copies), "copy-ms/save")
			b.ReportMetric(100*median(grown)/epoch, "%epoch")
			b.ReportMetric(1e3*epoch/epochSteps, "ms/step")
		})
	}
}
