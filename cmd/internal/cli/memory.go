package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/train"
)

// checkMemory refuses a batch whose graphs do not fit into the memory that the
// system has left, before any of it is taken. views is how many rows of a graph
// an image of the batch takes. Where the system does not say
// how much that is, nothing is refused.
func checkMemory(m *nets.Model, set *data.Dataset, batch, views int) error {
	available, known := availableMemory()
	if !known {
		return nil
	}
	n, err := newNeeds(m, set, views)
	if err != nil {
		return err
	}
	batch = min(batch, set.Train.Len())
	if n.bytes(batch) <= available {
		return nil
	}
	fits := batch
	for fits > 0 && n.bytes(fits) > available {
		fits--
	}
	advice := "no batch fits"
	if fits > 0 {
		advice = fmt.Sprintf("the largest batch that fits is -batch %d", fits)
	}
	return fmt.Errorf("-batch %d needs %s of memory, %s is available: %s", batch, size(n.bytes(batch)), size(available), advice)
}

// needs is how much memory a run takes, as a function of its batch.
type needs struct {
	fixed     int // moments, checkpoints and evaluation
	base, row int // a training program of b rows takes base + b·row
	rows      int // training rows
}

func newNeeds(m *nets.Model, set *data.Dataset, views int) (needs, error) {
	n := needs{rows: set.Train.Len()}
	for _, w := range m.Weights {
		n.fixed += 9 * int(w.Value.MemSize()) // two moments, the copy of all three for a checkpoint, the best weights, the average, and theirs
	}
	test := set.Test.Len()
	for _, rows := range []int{test - test%train.EvaluationBatch, test % train.EvaluationBatch} {
		if rows == 0 {
			continue
		}
		bytes, err := m.Bytes(nets.Evaluation, min(rows, train.EvaluationBatch))
		if err != nil {
			return n, err
		}
		n.fixed += bytes
	}
	one, err := m.Bytes(nets.Training, 64)
	if err != nil {
		return n, err
	}
	two, err := m.Bytes(nets.Training, 128)
	n.row = (two - one) / 64
	n.base = one - 64*n.row
	n.row *= views
	return n, err
}

// bytes counts the graph of a short last batch too.
func (n needs) bytes(batch int) int {
	total := n.fixed + n.base + batch*n.row
	if rest := n.rows % batch; rest > 0 {
		total += n.base + rest*n.row
	}
	return total
}

// availableMemory is what this process may still take. Tests replace it.
var availableMemory = systemMemory

// systemMemory is the system's MemAvailable, or what is left of the cgroup's
// limit if that is less.
func systemMemory() (bytes int, known bool) {
	bytes, known = meminfo("MemAvailable:")
	for _, g := range [][2]string{
		{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
		{"/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"},
	} {
		limit, ok := number(g[0])
		used, ok2 := number(g[1])
		if ok && ok2 && (!known || limit-used < bytes) {
			bytes, known = max(0, limit-used), true
		}
	}
	return bytes, known
}

// meminfo reads a line of Linux's /proc/meminfo, which counts in KiB.
func meminfo(key string) (int, bool) {
	content, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(content)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == key {
			kib, err := strconv.Atoi(fields[1])
			return kib << 10, err == nil
		}
	}
	return 0, false
}

// number reads a file with one number; cgroups write "max" for no limit.
func number(path string) (int, bool) {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(content)))
	return n, err == nil
}

// size writes bytes as MiB or GiB.
func size(bytes int) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%.0f MiB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}
