// Command scale measures what ranks gain, and computes what more of them would.
//
//	go build -tags mpi -o bin/ ./bench/scale
//	mpirun --bind-to none -n 2 bin/scale           # measure, in turns, and compute
//	go run ./bench/scale                           # compute alone, from the flags
//
// In turns, rank 0 trains some steps alone while the others wait, all train as
// many together, and all sum an array of the gradients' size. On a machine that
// others use as well, the best of each is what to believe.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/graph/kernel"
	"stheno/nets"
	"stheno/nets/group"
	"stheno/nets/train"
)

// settings are the flags; times in milliseconds.
type settings struct {
	net            string
	batch, threads int
	rounds, steps  int
	step, short    float64 // of 128 rows, and of 8
	params         int
}

func main() {
	s := settings{}
	flag.StringVar(&s.net, "net", "cnn", "network, cnn or mlp")
	flag.IntVar(&s.batch, "batch", 128, "rows of a step of all ranks")
	flag.IntVar(&s.threads, "threads", 1, "threads of a rank")
	flag.IntVar(&s.rounds, "rounds", 10, "turns")
	flag.IntVar(&s.steps, "steps", 3, "steps of a turn")
	flag.Float64Var(&s.step, "step", 37, "without ranks to measure: milliseconds of a step of 128 rows")
	flag.Float64Var(&s.short, "short", 8, "without ranks to measure: milliseconds of a step of 8 rows")
	flag.IntVar(&s.params, "params", 4738826, "without ranks to measure: elements that are summed")
	flag.Parse()
	if err := run(s); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func run(s settings) error {
	g, err := group.Start()
	if err != nil {
		return err
	}
	if g.Size() > 1 {
		if err := measure(g, &s); err != nil {
			return err
		}
	}
	if g.Rank() == 0 {
		table(os.Stdout, s)
	}
	return g.Close()
}

// measure takes its turns, prints what it finds, and keeps it in s.
func measure(g group.Group, s *settings) error {
	kernel.SetThreads(s.threads)
	set, err := data.Open("")
	if err != nil {
		return err
	}
	alone, err := newTrainer(s.net, set.Train, nil)
	if err != nil {
		return err
	}
	together, err := newTrainer(s.net, set.Train, g)
	if err != nil {
		return err
	}
	s.params = alone.model.Params()
	array := make([]float32, s.params)
	var one, short, all, sums []float64
	for range s.rounds {
		if g.Rank() == 0 {
			one = append(one, alone.train(s.batch, s.steps)...)
			short = append(short, alone.train(8, s.steps)...)
		}
		if err := errors.Join(alone.err, g.Barrier()); err != nil {
			return err
		}
		all = append(all, together.train(s.batch, s.steps)...)
		if together.err != nil {
			return together.err
		}
		for range s.steps {
			began := time.Now()
			if err := g.SumFloat32(array, nil); err != nil {
				return err
			}
			sums = append(sums, milliseconds(began))
		}
	}
	if g.Rank() != 0 {
		return nil
	}
	s.step, s.short = slices.Min(one), slices.Min(short)
	fmt.Printf("%s, batch %d, %d ranks of %d threads, %d here; ms, best / median of %d\n", s.net, s.batch, g.Size(), s.threads, g.Local(), len(all))
	fmt.Printf("a step of one rank    %8.2f /%8.2f\n", slices.Min(one), median(one))
	fmt.Printf("a step of all         %8.2f /%8.2f   %.2f / %.2f times as fast\n", slices.Min(all), median(all), slices.Min(one)/slices.Min(all), median(one)/median(all))
	fmt.Printf("the sum of %d   %8.2f /%8.2f\n\n", s.params, slices.Min(sums), median(sums))
	return nil
}

// trainer trains a model of its own.
type trainer struct {
	model *nets.Model
	rows  *data.Set
	adam  *train.Adam
	group group.Group
	err   error
}

func newTrainer(name string, rows *data.Set, g group.Group) (*trainer, error) {
	net, err := nets.Named(name, rows.Shape(), 10)
	if err != nil {
		return nil, err
	}
	m, err := nets.New(net, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	return &trainer{model: m, rows: rows, adam: train.NewAdam(0.001), group: g}, err
}

// train takes some steps, and returns what each took but the first, which may
// have to build a graph.
func (t *trainer) train(batch, steps int) (times []float64) {
	last := time.Now()
	clock := &ticker{tick: func() {
		times = append(times, milliseconds(last))
		last = time.Now()
	}}
	_, err := train.Fit(context.Background(), t.model, t.rows, t.adam, train.Plan{
		Epochs: 1, Batch: batch, Steps: steps + 1, Group: t.group, Callbacks: []train.Callback{clock},
	})
	if err != nil {
		t.err = err
		return times
	}
	return times[1:]
}

// ticker is called after each step.
type ticker struct {
	train.Hooks
	tick func()
}

func (t *ticker) BatchEnd(*train.Stats) error { t.tick(); return nil }

func milliseconds(since time.Time) float64 { return 1e3 * time.Since(since).Seconds() }

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}
