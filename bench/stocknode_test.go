package bench

import (
	"fmt"
	"slices"
	"testing"

	stocks "gorgonia.org/gorgonia"

	"stheno/data/augment"
	"stheno/nets"
)

// silu is a layer of two of Gorgonia's own nodes: x·σ(x).
type silu struct{}

func (silu) Build(_ *nets.Builder, x *stocks.Node) (*stocks.Node, error) {
	gate, err := stocks.Sigmoid(x)
	if err != nil {
		return nil, err
	}
	return stocks.HadamardProd(x, gate)
}

// BenchmarkStockNode is what a layer of Gorgonia's own nodes costs a training step,
// the whole graph of which then runs on Gorgonia's machine: behind the last layer,
// where it has ten numbers an image and the machine is all, and behind the first with
// weights, where there are 512 of them in the MLP and 21,632 in the CNN. Steps with it
// and without are done in turns, ten of each at a time.
func BenchmarkStockNode(b *testing.B) {
	for _, net := range networks {
		for _, behind := range []string{"last", "first"} {
			b.Run(fmt.Sprintf("net=%s/batch=%d/behind=%s", net.name, batch, behind), func(b *testing.B) {
				mixed := net
				mixed.of = func(image [3]int, classes int) nets.Network {
					n := net.of(image, classes)
					at := len(n.Layers)
					if behind == "first" {
						at = 1 + slices.IndexFunc(n.Layers, func(l nets.Layer) bool { return l != nets.Layer(nets.Flatten{}) })
					}
					n.Layers = slices.Insert(n.Layers, at, nets.Layer(silu{}))
					return n
				}
				without, with := newModel(b, net, auto), newModel(b, mixed, auto)
				for _, m := range []*nets.Model{without, with} {
					compile(b, m, nets.Training, dataset(b).Train)
				}
				var plain, slowed []float64 // seconds a step
				for b.Loop() {
					plain = append(plain, timeFit(b, without, augment.Spec{})...)
					slowed = append(slowed, timeFit(b, with, augment.Spec{})...)
				}
				best := slices.Min(slowed) / slices.Min(plain)
				b.ReportMetric(1e3*slices.Min(plain), "plain-ms/step")
				b.ReportMetric(1e3*slices.Min(slowed), "best-ms/step")
				b.ReportMetric(100*(best-1), "%step")
				b.ReportMetric(100*(middle(slowed)/middle(plain)-1), "%step-median")
			})
		}
	}
}
