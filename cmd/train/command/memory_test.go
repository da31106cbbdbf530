package command

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gorgonia.org/tensor"

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
	m := regexp.MustCompile(`^mlp: -batch 600 needs (\d+) MiB of memory, 17 MiB is available: -batch (\d+) fits\n$`).FindStringSubmatch(o.stderr)
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
		t.Errorf("-batch %d is accepted, though %d is said to fit", fits+1, fits)
	}
	limitMemory(t, 1000)
	if o := command(t, mlp, "-data", dir, "-batch", "1"); o.code != 1 || !regexp.MustCompile(`no batch fits\n$`).MatchString(o.stderr) {
		t.Errorf("1000 bytes: exit code %d, %q", o.code, o.stderr)
	}
}

// needsOf are those of a network for images of 10 x 10 pixels.
func needsOf(t *testing.T, net nets.Network, objective nets.Objective, images, test int) needs {
	t.Helper()
	m, err := nets.New(net, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		t.Fatal(err)
	}
	m.Objective = objective
	return needs{model: m, train: images, test: test, views: 1}
}

func (n needs) of(t *testing.T, batch int) int {
	t.Helper()
	bytes, err := n.bytes(batch)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// TestAdvisedBatchFits, and one more image does not.
func TestAdvisedBatchFits(t *testing.T) {
	for ranks := range 4 {
		n := needsOf(t, nets.MLP([3]int{10, 10, 1}, 10), nets.Objective{}, 1000, 1000)
		n.ranks = ranks
		for _, at := range []int{1, 2, 11, 33, 150, 334, 500, 501} {
			available := n.of(t, at)
			limitMemory(t, available)
			err := checkMemory(n, 1000)
			if n.of(t, 1000) <= available {
				if err != nil {
					t.Errorf("%d ranks: -batch 1000 fits: %v", ranks, err)
				}
				continue
			}
			m := regexp.MustCompile(`available: -batch (\d+) fits$`).FindStringSubmatch(fmt.Sprint(err))
			if m == nil || strings.Contains(err.Error(), fmt.Sprintf("on each of %d ranks,", ranks)) != (ranks > 1) {
				t.Errorf("%d ranks, as much memory as -batch %d needs: %v", ranks, at, err)
				continue
			}
			fits, _ := strconv.Atoi(m[1])
			if n.of(t, fits) > available || n.of(t, fits+1) <= available {
				t.Errorf("%d ranks, as much memory as -batch %d needs: %v", ranks, at, err)
			}
		}
	}
}

// TestPairsNeedTheirSquare: a loss over pairs has tables of a batch's rows by its
// rows, twice as many rows where an image has two views.
func TestPairsNeedTheirSquare(t *testing.T) {
	n := needsOf(t, nets.Embedding(nets.MLP([3]int{10, 10, 1}, 10), 8), nets.Objective{Loss: nets.SupCon{Tau: 0.1}}, 1<<20, 128)
	const batch = 1 << 14
	one := n.of(t, batch)
	n.views = 2
	if two := n.of(t, batch); one < 4*batch*batch || two < 4*4*batch*batch {
		t.Errorf("-batch %d takes %d bytes, %d in two views", batch, one, two)
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

func TestSystemMemory(t *testing.T) {
	if bytes, known := availableMemory(); known && bytes < 1<<20 {
		t.Errorf("this test runs in %d bytes", bytes)
	}
	for bytes, want := range map[int]string{5 << 20: "5 MiB", 1<<30 - 1: "1024 MiB", 3 << 29: "1.5 GiB"} {
		if got := size(bytes); got != want {
			t.Errorf("%d bytes: %s, want %s", bytes, got, want)
		}
	}
}

// TestWeightsAreRefusedBeforeTheyAreTaken: of large pictures, and of a large
// embedding, whose size may be more than can be counted.
func TestWeightsAreRefusedBeforeTheyAreTaken(t *testing.T) {
	dir := writeData(t, 28, 28, 10, 20, 20)
	t.Chdir(t.TempDir())
	for _, units := range []string{"9223372036854775807", "400000000000000000", "2000000000"} {
		o := command(t, mlp, "-data", dir, "-pretrain", "supcon", "-embedding", units, "-out", "run")
		if o.code != 1 || !strings.HasPrefix(o.stderr, "mlp: -pretrain supcon -embedding "+units+": ") || strings.Count(o.stderr, "\n") != 1 {
			t.Errorf("-embedding %s: exit code %d, %q", units, o.code, o.stderr)
		}
	}
	limitMemory(t, 1<<20)
	o := command(t, mlp, "-data", dir, "-batch", "1", "-out", "run")
	if want := "mlp: the weights of the mlp for images of 28 x 28 alone take 2 MiB of memory, 1 MiB is available: no batch fits\n"; o.code != 1 || o.stderr != want {
		t.Errorf("exit code %d, %q", o.code, o.stderr)
	}
	if left := files(t, "."); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
