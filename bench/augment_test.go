package bench

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"stheno/data/augment"
	"stheno/nets"
	"stheno/nets/train"
)

// BenchmarkAugment is what distorted images cost a training step: steps with and
// without them, in turns, ten of each at a time.
func BenchmarkAugment(b *testing.B) {
	for _, net := range networks {
		for _, text := range []string{"affine", "affine+elastic"} {
			b.Run(fmt.Sprintf("net=%s/batch=%d/augment=%s", net.name, batch, text), func(b *testing.B) {
				spec, err := augment.Parse(text)
				if err != nil {
					b.Fatal(err)
				}
				m := newModel(b, net, auto)
				compile(b, m, nets.Training, dataset(b).Train)
				var plain, distorted []float64 // seconds a step
				for b.Loop() {
					plain = append(plain, timeFit(b, m, augment.Spec{})...)
					distorted = append(distorted, timeFit(b, m, spec)...)
				}
				best := slices.Min(distorted) / slices.Min(plain)
				b.ReportMetric(1e3*slices.Min(plain), "plain-ms/step")
				b.ReportMetric(1e3*slices.Min(distorted), "best-ms/step")
				b.ReportMetric(100*(best-1), "%step")
				b.ReportMetric(100*(middle(distorted)/middle(plain)-1), "%step-median")
			})
		}
	}
}

// timeFit trains for ten steps after one that warms up, and says what each took.
func timeFit(b *testing.B, m *nets.Model, spec augment.Spec) []float64 {
	b.Helper()
	clock := &stepClock{}
	_, err := train.Fit(context.Background(), m, dataset(b).Train, train.NewAdam(0.001), train.Plan{
		Epochs: 1, Batch: batch, Steps: 11, Shuffle: true, Seed: 1, Augment: spec, Callbacks: []train.Callback{clock},
	})
	if err != nil {
		b.Fatal(err)
	}
	return clock.seconds
}

// stepClock notes the time between the ends of steps.
type stepClock struct {
	train.Hooks
	last    time.Time
	seconds []float64
}

func (c *stepClock) BatchEnd(*train.Stats) error {
	now := time.Now()
	if !c.last.IsZero() {
		c.seconds = append(c.seconds, now.Sub(c.last).Seconds())
	}
	c.last = now
	return nil
}

func middle(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	return slices.Sorted(slices.Values(v))[len(v)/2]
}
