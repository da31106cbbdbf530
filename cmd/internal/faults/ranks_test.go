//go:build linux

package faults

import (
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"stheno/nets/group/mpitest"
)

// buildRanks makes the programs with -tags mpi, once, in a folder below programs.
var buildRanks = sync.OnceValue(func() error {
	cmd := mpitest.Go("build", "-tags", "mpi", "-o", filepath.Join(programs, "mpi")+"/", "./cmd/mlp", "./cmd/cnn")
	cmd.Dir = filepath.Join("..", "..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build -tags mpi: %w: %s", err, out)
	}
	return nil
})

// crew is a plan that n ranks carry out together.
type crew struct {
	plan
	n int
}

func needRanks(t *testing.T) {
	t.Helper()
	mpitest.Need(t)
	prepare(t)
	if err := buildRanks(); err != nil {
		t.Fatal(err)
	}
}

func newCrew(n int, program, args string) crew {
	return crew{plan{filepath.Join("mpi", program), args}, n}
}

// launch is a command line as n ranks.
func (c crew) launch(args []string) []string { return mpitest.Args(c.n, args...) }

// silence is how long a rank may be silent here: more than a busy machine makes
// a live one wait.
var silence = "STHENO_RANK_TIMEOUT=2s"

func environment() []string { return append(mpitest.Env(), silence) }

// fit runs the crew's plan and returns the run's folder.
func (c crew) fit(t *testing.T, more ...string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "run")
	succeed(t, c.launch(c.begin(folder, more...)), environment()...)
	return folder
}

// TestRanksFollowOneProcess: the losses of real ranks are those of one process,
// within the tolerance of nets/train's golden trajectories.
func TestRanksFollowOneProcess(t *testing.T) {
	t.Parallel()
	needRanks(t)
	for _, c := range []struct {
		program, args string
		bound         float64
	}{
		{"mlp", "-data large -epochs 13 -batch 64 -steps 50", 1e-5},
		{"cnn", "-data large -epochs 3 -batch 64 -steps 10 -conv direct", 1e-4},
	} {
		one := filepath.Join(t.TempDir(), "one")
		succeed(t, plan{c.program, c.args}.begin(one))
		want := losses(t, one)
		for _, n := range []int{2, 3, 4} {
			got := losses(t, newCrew(n, c.program, c.args).fit(t))
			if len(got) != len(want) {
				t.Fatalf("%s, %d ranks: %d steps, want %d", c.program, n, len(got), len(want))
			}
			for i := range got {
				if d := math.Abs(got[i]-want[i]) / want[i]; !(d <= c.bound) {
					t.Errorf("%s, %d ranks: the loss of step %d is off by %.2g", c.program, n, i+1, d)
				}
			}
		}
	}
}

// losses are those of a run's steps.
func losses(t *testing.T, folder string) (list []float64) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, "steps.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(content))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		v, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

// TestRanksRepeatBits: at one n every run ends with the same model.
func TestRanksRepeatBits(t *testing.T) {
	needRanks(t)
	runs := 3
	if *full {
		runs = 10
	}
	for _, n := range []int{3, 4} {
		sums := make(map[[32]byte]int)
		for range runs {
			folder := newCrew(n, "mlp", "-data large -epochs 2 -batch 50 -verbose 0").fit(t)
			content, err := os.ReadFile(filepath.Join(folder, "model.safetensors"))
			if err != nil {
				t.Fatal(err)
			}
			sums[sha256.Sum256(content)]++
		}
		if len(sums) != 1 {
			t.Errorf("%d runs of %d ranks have %d ends", runs, n, len(sums))
		}
	}
}

// disturbance is what happens to a rank, and what the job says of it.
type disturbance struct {
	name   string
	signal syscall.Signal
	check  func(o outcome, rank int) bool
}

var disturbances = []disturbance{
	{"a kill", syscall.SIGKILL, func(o outcome, rank int) bool {
		return o.code == 137 && strings.Contains(o.stderr, fmt.Sprintf("process rank %d ", rank)) && strings.Contains(o.stderr, "signal 9 (Killed)")
	}},
	{"a stop", syscall.SIGSTOP, func(o outcome, rank int) bool {
		return o.code == 1 && strings.Contains(o.stderr, fmt.Sprintf("no sign of life from rank %d (process", rank))
	}},
	{"a request to end", syscall.SIGTERM, func(o outcome, _ int) bool {
		return o.code == 143 && strings.Contains(o.stderr, "everything is saved") && strings.Contains(o.stderr, " -resume ")
	}},
}

// TestRanksDisturbed: whatever happens to one rank, the job ends soon, says what
// it was, and resumes to the bits of a job that was never disturbed.
func TestRanksDisturbed(t *testing.T) {
	t.Parallel()
	needRanks(t)
	times, list := 1, []string{"mlp"}
	if *full {
		times, list = 20, []string{"mlp", "cnn"}
	}
	for _, program := range list {
		for _, d := range disturbances {
			t.Run(program+"/"+d.name, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, uint64(d.signal)))
				for i := range times {
					c := newCrew(2+i%3, program, long+" -steps 150")
					if !*full {
						c.n = 3
					}
					d.try(t, c, rng)
				}
			})
		}
	}
}

// try disturbs one job, and has it go on.
func (d disturbance) try(t *testing.T, c crew, rng *rand.Rand) {
	t.Helper()
	rank := rng.IntN(c.n)
	folder := ""
	for attempt := 0; ; attempt++ { // where a busy machine lets the run end first
		folder = filepath.Join(t.TempDir(), "run")
		job := start(t, c.launch(c.begin(folder)), environment()...)
		saved(t, folder)
		time.Sleep(time.Duration(rng.IntN(100)) * time.Millisecond)
		pid := c.process(job.Process.Pid, rank)
		if pid != 0 {
			syscall.Kill(pid, d.signal)
		}
		began := time.Now()
		o := job.end(t)
		if o.code == 0 && attempt < 5 {
			continue
		}
		if !d.check(o, rank) {
			t.Errorf("%s of rank %d of %d: %v", d.name, rank, c.n, o)
		}
		t.Logf("%s of rank %d of %d: ended after %v", d.name, rank, c.n, time.Since(began).Round(time.Millisecond))
		break
	}
	succeed(t, c.launch(c.resume(folder)), environment()...)
	same(t, d.name, folder, c.wanted(t))
}

// wanted is the result of a crew that nobody disturbs.
func (c crew) wanted(t *testing.T) result {
	t.Helper()
	if r, ok := undisturbed.Load(c); ok {
		return r.(result)
	}
	r := resultOf(t, c.fit(t))
	undisturbed.Store(c, r)
	return r
}

// process is the one of a rank, found by the launcher's environment; 0 if there
// is none any more.
func (c crew) process(launcher, rank int) int {
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		stat, err := os.ReadFile(folder + "/stat")
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(rest); len(fields) < 2 || fields[1] != strconv.Itoa(launcher) {
			continue
		}
		environ, _ := os.ReadFile(folder + "/environ")
		if slices.Contains(strings.Split(string(environ), "\x00"), fmt.Sprintf("OMPI_COMM_WORLD_RANK=%d", rank)) {
			pid, _ := strconv.Atoi(filepath.Base(folder))
			return pid
		}
	}
	return 0
}

// TestRanksGoOnInAnotherNumber: the mathematics are the same, and the run says
// that the bits are not.
func TestRanksGoOnInAnotherNumber(t *testing.T) {
	needRanks(t)
	args := "-data large -epochs 4 -batch 64 -steps 9"
	want := losses(t, newCrew(2, "mlp", args+" -steps 16").fit(t))
	folder := newCrew(2, "mlp", args).fit(t)
	for _, c := range []crew{newCrew(3, "mlp", ""), newCrew(1, "mlp", "")} {
		o := succeed(t, c.launch(c.resume(folder, "-steps", strconv.Itoa(19-3*c.n), "-verbose", "2")), environment()...)
		if said := "the same mathematics, not the same bits"; !strings.Contains(o.stderr, said) {
			t.Errorf("%d ranks: %v", c.n, o)
		}
	}
	got := losses(t, folder)
	for i := range want {
		if d := math.Abs(got[i]-want[i]) / want[i]; len(got) != len(want) || !(d <= 1e-5) {
			t.Errorf("the loss of step %d of %d is off by %.2g", i+1, len(got), d)
		}
	}
}

// TestNoSeparateModels: a build without MPI that is started as several ranks
// trains nothing, and one with it says no error of one rank twice.
func TestNoSeparateModels(t *testing.T) {
	prepare(t)
	folder := filepath.Join(t.TempDir(), "run")
	p := plan{"mlp", tiny}
	o := execute(t, p.begin(folder), "OMPI_COMM_WORLD_SIZE=4", "OMPI_COMM_WORLD_RANK=1")
	if o.code != 1 || !strings.Contains(o.stderr, "started as 4 ranks") || !strings.Contains(o.stderr, "-tags mpi") || exists(folder) {
		t.Error(o)
	}
	needRanks(t)
	c := newCrew(3, "mlp", "-data nowhere")
	o = execute(t, c.launch(c.begin(folder)), environment()...)
	if o.code != 1 || strings.Count(o.stderr, "nowhere: no such folder") != 1 || exists(folder) {
		t.Error(o)
	}
}
