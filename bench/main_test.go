package bench

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/nets"
	"stheno/nets/train"
)

// TestMain prints what benchstat wants to know of a run of benchmarks.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() != "" {
		fmt.Printf("go: %s\ncores: %d\nthreads: %d\nkernels: %s\n", runtime.Version(), runtime.NumCPU(), kernel.Threads(), kernel.Implementation())
		for _, unit := range []string{
			"samples/s better=higher", "mlp-samples/s better=higher", "cnn-samples/s better=higher",
			"ms/step better=lower", "best-ms/step better=lower", "%floor better=higher", "%peak better=higher", "%zeros assume=exact", "GB/s better=higher",
			"mlp-ms/step better=lower", "cnn-ms/step better=lower",
			"ms/save better=lower", "best-ms/save better=lower", "copy-ms/save better=lower", "%epoch better=lower", "plain-ms/step better=lower", "%step better=lower", "%step-median better=lower",
			"s/epoch better=lower", "GFLOP/s better=higher",
			"cnn/mlp better=lower", "cnn/mlp-best better=lower", "cnn/mlp-flop assume=exact", "cnn/mlp-params assume=exact",
		} {
			fmt.Println("Unit", unit)
		}
	}
	os.Exit(m.Run())
}

// batch is the notebook's.
const batch = 128

// network is a network to be timed.
type network struct {
	name string
	of   func(input [3]int, classes int) nets.Network
}

var networks = []network{{"mlp", nets.MLP}, {"cnn", nets.CNN}}

// implementation is a way to compute a network; see the package's comment.
type implementation struct {
	name    string
	ops     graph.Ops
	kernels string // empty is what the machine does best
}

var (
	auto   = implementation{name: "auto", ops: graph.Fused}
	direct = implementation{name: "direct", ops: graph.FusedWith(kernel.Direct)}
	stock  = implementation{name: "stock", ops: graph.Stock}
)

// implementations are all, those of the kernels that this machine has among them.
func implementations() []implementation {
	all := []implementation{auto, direct}
	for _, name := range slices.Backward(kernel.Implementations()) {
		all = append(all, implementation{name, graph.Fused, name})
	}
	return append(all, stock)
}

// use chooses the kernels until b ends.
func (i implementation) use(b *testing.B) {
	b.Helper()
	if i.kernels == "" {
		return
	}
	was := kernel.Implementation()
	if err := kernel.Use(i.kernels); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := kernel.Use(was); err != nil {
			b.Fatal(err)
		}
	})
}

// mnist is read once.
var mnist = sync.OnceValues(func() (*data.Dataset, error) { return data.Open("") })

func dataset(b *testing.B) *data.Dataset {
	b.Helper()
	set, err := mnist()
	if err != nil {
		b.Fatal(err)
	}
	return set
}

func newModel(b *testing.B, net network, impl implementation) *nets.Model {
	b.Helper()
	set := dataset(b)
	m, err := nets.New(net.of(set.Train.Shape(), set.Classes), tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		b.Fatal(err)
	}
	m.Ops = impl.ops
	return m
}

// wholeBatches is the part of s that makes batches of one size.
func wholeBatches(s *data.Set, size int) *data.Set {
	rows := s.Len() / size * size
	whole := *s
	whole.Pixels, whole.Labels = s.Pixels[:rows*s.Height*s.Width*s.Channels], s.Labels[:rows]
	return &whole
}

// withoutZeros is a copy of s whose black is not quite black: there is nothing
// to skip.
func withoutZeros(s *data.Set) *data.Set {
	grey := *s
	grey.Pixels = slices.Clone(s.Pixels)
	for i, v := range grey.Pixels {
		grey.Pixels[i] = max(1, v)
	}
	return &grey
}

// stepper returns a function that does one training step of m on so many rows:
// train.Fit runs from one BatchEnd to the next. The first steps have been done.
func stepper(b *testing.B, m *nets.Model, size int) func() {
	b.Helper()
	return stepperOf(b, m, train.NewAdam(0.001), size)
}

// stepperOf is stepper with an optimizer of the caller's.
func stepperOf(b *testing.B, m *nets.Model, opt train.Optimizer, size int) func() {
	b.Helper()
	return stepperOn(b, m, opt, dataset(b).Train, size)
}

// stepperOn is stepperOf on images of the caller's.
func stepperOn(b *testing.B, m *nets.Model, opt train.Optimizer, rows *data.Set, size int) func() {
	b.Helper()
	next, stop := iter.Pull(steps(m, opt, wholeBatches(rows, size), size))
	b.Cleanup(stop)
	step := func() {
		if err, ok := next(); err != nil || !ok {
			b.Fatalf("training has ended: %v", err)
		}
	}
	for began := time.Now(); time.Since(began) < 100*time.Millisecond; {
		step()
	}
	return step
}

// steps is train.Fit without an end, which yields after each step.
func steps(m *nets.Model, opt train.Optimizer, rows *data.Set, size int) iter.Seq[error] {
	return func(yield func(error) bool) {
		_, err := train.Fit(context.Background(), m, rows, opt, train.Plan{
			Epochs: math.MaxInt, Batch: size, Shuffle: true, Seed: 1, Callbacks: []train.Callback{lend{yield: yield}},
		})
		if err != nil {
			yield(err)
		}
	}
}

// lend hands control to whoever asked for the step.
type lend struct {
	train.Hooks
	yield func(error) bool
}

func (l lend) BatchEnd(*train.Stats) error {
	if !l.yield(nil) {
		return &train.Stop{Reason: "no more steps are wanted"}
	}
	return nil
}
