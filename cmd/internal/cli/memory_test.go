package cli

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/nets"
)

// limitMemory makes the system say that so much memory is available.
func limitMemory(t *testing.T, bytes int) {
	t.Helper()
	before := availableMemory
	availableMemory = func() (int, bool) { return bytes, true }
	t.Cleanup(func() { availableMemory = before })
}

func TestBatchThatDoesNotFitIsRefused(t *testing.T) {
	dir := writeData(t, 28, 28, 10, 1000, 20)
	t.Chdir(t.TempDir())
	limitMemory(t, 17<<20)
	o := command(t, mlp, "-data", dir, "-batch", "600", "-steps", "1", "-out", "run")
	m := regexp.MustCompile(`^mlp: -batch 600 needs (\d+) MiB of memory, 17 MiB is available: the largest batch that fits is -batch (\d+)\n$`).FindStringSubmatch(o.stderr)
	if o.code != 1 || o.stdout != "" || m == nil {
		t.Fatalf("exit code %d, stdout %q, stderr %q", o.code, o.stdout, o.stderr)
	}
	if needs, _ := strconv.Atoi(m[1]); needs <= 17 {
		t.Errorf("says that %d MiB do not fit", needs)
	}
	if left := files(t, "."); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	fits, _ := strconv.Atoi(m[2])
	succeed(t, mlp, "-data", dir, "-batch", m[2], "-steps", "1", "-out", "run")
	if o := command(t, mlp, "-data", dir, "-batch", fmt.Sprint(fits+1), "-steps", "1", "-out", "run2"); o.code != 1 {
		t.Errorf("-batch %d is accepted, though %d is said to be the largest that fits", fits+1, fits)
	}
	limitMemory(t, 1000)
	if o := command(t, mlp, "-data", dir, "-batch", "1"); o.code != 1 || !regexp.MustCompile(`no batch fits\n$`).MatchString(o.stderr) {
		t.Errorf("1000 bytes: exit code %d, %q", o.code, o.stderr)
	}
}

// TestLargestBatchThatFits: the graph of the last, short batch counts too, so a
// smaller batch can need more than a larger one.
func TestLargestBatchThatFits(t *testing.T) {
	m, err := nets.New(nets.MLP([3]int{10, 10, 1}, 10), tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		t.Fatal(err)
	}
	rows := &data.Set{Pixels: make([]uint8, 1000*100), Labels: make([]uint8, 1000), Height: 10, Width: 10, Channels: 1}
	set := &data.Dataset{Train: rows, Test: rows, Classes: 10}
	n, err := newNeeds(m, set, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{1, 2, 11, 33, 150, 334, 500, 501} {
		limitMemory(t, n.bytes(at))
		want := ""
		for batch := range 1000 {
			if n.bytes(batch+1) <= n.bytes(at) {
				want = fmt.Sprintf("the largest batch that fits is -batch %d", batch+1)
			}
		}
		if err := checkMemory(m, set, 1000, 1); n.bytes(at) < n.bytes(1000) && (err == nil || !strings.HasSuffix(err.Error(), want)) {
			t.Errorf("as much memory as -batch %d needs: %v, want %s", at, err, want)
		}
	}
}

func TestUnknownMemoryRefusesNothing(t *testing.T) {
	dir := small(t)
	t.Chdir(t.TempDir())
	before := availableMemory
	availableMemory = func() (int, bool) { return 0, false }
	defer func() { availableMemory = before }()
	succeed(t, mlp, "-data", dir, "-steps", "1")
}

// TestNeedsAreThoseOfThePrograms holds the straight line that needs draws
// against what the programs of a run say themselves.
func TestNeedsAreThoseOfThePrograms(t *testing.T) {
	set := func(n int) *data.Set {
		return &data.Set{Pixels: make([]uint8, n*100), Labels: make([]uint8, n), Height: 10, Width: 10, Channels: 1}
	}
	for _, app := range []App{mlp, cnn} {
		m, err := nets.New(app.Network([3]int{10, 10, 1}, 10), tensor.Float32, rand.New(rand.NewPCG(1, 0)))
		if err != nil {
			t.Fatal(err)
		}
		bytes := func(phase nets.Phase, batch int) int {
			if batch == 0 {
				return 0
			}
			n, err := m.Bytes(phase, batch)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		for _, test := range []int{50, 128, 300} {
			n, err := newNeeds(m, &data.Dataset{Train: set(1000), Test: set(test), Classes: 10}, 1)
			if err != nil {
				t.Fatal(err)
			}
			evaluation := bytes(nets.Evaluation, test%128)
			if test >= 128 {
				evaluation += bytes(nets.Evaluation, 128)
			}
			for _, batch := range []int{1, 7, 100, 128, 300, 1000} {
				want := 9*4*m.Params() + evaluation + bytes(nets.Training, batch) + bytes(nets.Training, 1000%batch)
				if got := n.bytes(batch); math.Abs(float64(got-want)) > 0.001*float64(want)+1024 {
					t.Errorf("%s, batch %d, %d test images: %d bytes, the programs take %d", app.Name, batch, test, got, want)
				}
			}
		}
	}
}

func TestSystemMemory(t *testing.T) {
	if bytes, known := systemMemory(); known && bytes < 1<<20 {
		t.Errorf("this test runs in %d bytes", bytes)
	}
	for bytes, want := range map[int]string{5 << 20: "5 MiB", 1<<30 - 1: "1024 MiB", 3 << 29: "1.5 GiB"} {
		if got := size(bytes); got != want {
			t.Errorf("%d bytes: %s, want %s", bytes, got, want)
		}
	}
}
