package command

import (
	"fmt"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/train"
)

// checkWeights refuses a network whose weights alone do not fit into the memory
// that the system has left, before any of it is taken.
func checkWeights(net nets.Network) error {
	bytes, err := nets.WeightBytes(net, tensor.Float32)
	if err != nil {
		return err
	}
	if available, known := availableMemory(); known && bytes > available {
		return fmt.Errorf("the weights of the %s for images of %d x %d alone take %s of memory, %s is available: no batch fits",
			net.Name, net.Input[0], net.Input[1], size(bytes), size(available))
	}
	return nil
}

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
		total += 5 * int(w.Value.MemSize()) // the best ones, the average, and copies of all three for a checkpoint
	}
	for _, w := range n.model.Trained() {
		total += 4 * int(w.Value.MemSize()) // two moments, and theirs
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

// size writes bytes as MiB or GiB.
func size(bytes int) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%.0f MiB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}
