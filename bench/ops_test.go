package bench

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"stheno/graph"
	"stheno/nets"
)

// BenchmarkOps says where a step's time goes: the best time of each op within
// steps, in milliseconds and in the order of the run, with the batch's decoding
// before them and the optimizer behind.
func BenchmarkOps(b *testing.B) {
	for _, net := range networks {
		b.Run(fmt.Sprintf("net=%s/batch=%d", net.name, batch), func(b *testing.B) {
			m := newModel(b, net, auto)
			step := stepper(b, m, batch)
			program, err := m.Program(nets.Training, batch)
			if err != nil {
				b.Fatal(err)
			}
			p := profile{}
			if !program.Watch(p.see) {
				b.Fatal("nobody watches this graph")
			}
			for b.Loop() {
				p.begin()
				step()
				p.note("optimizer")
			}
			for i, name := range p.names {
				b.ReportMetric(1e3*p.best[i], fmt.Sprintf("%02d:%s-ms", i, name))
			}
		})
	}
}

// profile is the best time between each two moments of a step.
type profile struct {
	names []string
	best  []float64 // seconds
	at    int
	last  time.Time
}

func (p *profile) begin() { p.at, p.last = 0, time.Now() }

// see is called by the graph's machine.
func (p *profile) see(op graph.Op) {
	if op == nil {
		p.note("decode")
		return
	}
	name, _, _ := strings.Cut(op.String(), "{")
	p.note(name)
}

func (p *profile) note(name string) {
	if p.at == len(p.names) {
		p.names, p.best = append(p.names, name), append(p.best, math.Inf(1))
	}
	now := time.Now()
	p.best[p.at] = min(p.best[p.at], now.Sub(p.last).Seconds())
	p.last = now
	p.at++
}
