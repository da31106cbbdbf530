package bench

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// mlpSteps is how many MLP steps a round of BenchmarkCost does: a step after
// a CNN's finds the caches full of the CNN, which in an epoch it does not.
const mlpSteps = 10

// BenchmarkCost is how many MLP epochs a CNN epoch costs.
func BenchmarkCost(b *testing.B) {
	for _, impl := range []implementation{auto, stock} {
		b.Run(fmt.Sprintf("batch=%d/impl=%s", batch, impl.name), func(b *testing.B) {
			mlp, cnn := newModel(b, networks[0], impl), newModel(b, networks[1], impl)
			mlpStep, cnnStep := stepper(b, mlp, batch), stepper(b, cnn, batch)
			var mlps, cnns, ratios []float64 // seconds a step, and the cost, of each round
			for b.Loop() {
				began := time.Now()
				cnnStep()
				between := time.Now()
				for range mlpSteps {
					mlpStep()
				}
				cnns = append(cnns, between.Sub(began).Seconds())
				mlps = append(mlps, time.Since(between).Seconds()/mlpSteps)
				ratios = append(ratios, cnns[len(cnns)-1]/mlps[len(mlps)-1])
			}
			b.ReportMetric(median(ratios), "cnn/mlp")
			b.ReportMetric(slices.Min(cnns)/slices.Min(mlps), "cnn/mlp-best")
			b.ReportMetric(operations(cnn, batch)/operations(mlp, batch), "cnn/mlp-flop")
			b.ReportMetric(float64(cnn.Params())/float64(mlp.Params()), "cnn/mlp-params")
			for name, seconds := range map[string]float64{"mlp": median(mlps), "cnn": median(cnns)} {
				b.ReportMetric(1e3*seconds, name+"-ms/step")
				b.ReportMetric(batch/seconds, name+"-samples/s")
			}
		})
	}
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
