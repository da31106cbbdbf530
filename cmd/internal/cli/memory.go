package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"stheno/nets"
	"stheno/nets/train"
)

// checkMemory refuses a batch whose graphs do not fit into the memory that the
// system has left, before any of it is taken. Where the system does not say
// how much that is, nothing is refused.
func checkMemory(n needs, batch int) error {
	available, known := availableMemory()
	if !known {
		return nil
	}
	batch = min(batch, n.train)
	bytes, err := n.bytes(batch)
	if err != nil || bytes <= available {
		return err
	}
	fits, err := n.fits(batch, available)
	if err != nil {
		return err
	}
	where, advice := "", "no batch fits"
	if n.ranks > 1 {
		where = fmt.Sprintf(" on each of %d ranks", n.ranks)
	}
	if fits > 0 {
		advice = fmt.Sprintf("-batch %d fits", fits)
	}
	return fmt.Errorf("-batch %d needs %s of memory%s, %s is available: %s", batch, size(bytes), where, size(available), advice)
}

// needs is how much memory a run takes, as a function of its batch.
type needs struct {
	model       *nets.Model
	train, test int // images
	views       int // rows of a graph that an image of the batch takes
	ranks       int // processes that share a batch; 0 is 1
}

// bytes is what a process takes: moments, checkpoints, evaluation, and the graphs
// of a batch and of a short last one.
func (n needs) bytes(batch int) (total int, err error) {
	for _, w := range n.model.Weights {
		total += 9 * int(w.Value.MemSize()) // two moments, the copy of all three for a checkpoint, the best weights, the average, and theirs
	}
	for _, g := range []struct {
		phase nets.Phase
		rows  int
	}{
		{nets.Evaluation, min(n.test-n.test%train.EvaluationBatch, train.EvaluationBatch)},
		{nets.Evaluation, n.test % train.EvaluationBatch},
		{nets.Training, n.rows(batch)},
		{nets.Training, n.rows(n.train % batch)},
	} {
		if g.rows == 0 {
			continue
		}
		bytes, err := n.model.Bytes(g.phase, g.rows)
		if err != nil {
			return 0, err
		}
		total += bytes
	}
	return total, nil
}

// rows are those of a process's graph for so many images of a batch.
func (n needs) rows(images int) int {
	ranks := max(1, n.ranks)
	return (images + ranks - 1) / ranks * n.views
}

// fits is a batch that fits, where one that is larger by one does not; 0 if there
// is none. A still larger one may, if it leaves less for a short last batch.
func (n needs) fits(tooLarge, available int) (int, error) {
	fits := 0
	for fits+1 < tooLarge {
		middle := (fits + tooLarge) / 2
		bytes, err := n.bytes(middle)
		if err != nil {
			return 0, err
		}
		if bytes <= available {
			fits = middle
		} else {
			tooLarge = middle
		}
	}
	return fits, nil
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
