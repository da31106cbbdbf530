package graph

// Together are processes that compute a batch together, of which this is one. An op
// that needs the whole batch asks it, in the middle of a run: all processes run the same
// ops, in the same order. A nil one is this process alone.
type Together interface {
	Place() (process, processes int) // this one's number among them, from 0, and how many they are
	Rows(own int) int                // how many of this process's rows are of the batch: own, or 0 where it computes one that counts nothing
	Sum(x []float64) error           // replaces x by its sum over the processes, in their order
}

// processesOf is how many there are.
func processesOf(t Together) int {
	if t == nil {
		return 1
	}
	_, processes := t.Place()
	return processes
}

// joinMoments makes the mean of n numbers, and the sum of the squared distances from
// it, in each of some channels, those of all processes' numbers, and returns how many
// these are.
func joinMoments(t Together, n int, mean, squares []float64) (int, error) {
	if processesOf(t) == 1 {
		return n, nil
	}
	process, processes := t.Place()
	size := 1 + 2*len(mean)
	all := make([]float64, processes*size)
	own := all[process*size:][:size]
	if own[0] = float64(t.Rows(n)); own[0] > 0 {
		copy(own[1:], mean)
		copy(own[1+len(mean):], squares)
	}
	if err := t.Sum(all); err != nil {
		return 0, err
	}
	total := 0.0
	clear(mean)
	clear(squares)
	for p := range processes {
		its := all[p*size:][:size]
		total += its[0]
		for c := range mean {
			mean[c] += float64(its[0] * its[1+c])
		}
	}
	for c := range mean {
		mean[c] /= total
		for p := range processes {
			its := all[p*size:][:size]
			off := its[1+c] - mean[c]
			squares[c] += its[1+len(mean)+c] + float64(its[0]*float64(off*off))
		}
	}
	return int(total), nil
}

// joinSums makes sums over n numbers of this process, of gradients of a loss that is
// the mean over its own rows, those over all processes' of a loss that is the mean over
// all rows. They are in this process's measure: as each gradient here is still to be
// weighed by its share of the rows, they are divided by it. It returns how many numbers
// all processes have.
func joinSums(t Together, n int, sums ...[]float64) (int, error) {
	if processesOf(t) == 1 {
		return n, nil
	}
	own := float64(t.Rows(n))
	all := []float64{own}
	for _, s := range sums {
		for _, v := range s {
			all = append(all, 0)
			if own > 0 {
				all[len(all)-1] = float64(v * own)
			}
		}
	}
	if err := t.Sum(all); err != nil {
		return 0, err
	}
	total, all := int(all[0]), all[1:]
	for _, s := range sums {
		for c := range s {
			s[c] = all[c] / max(1, own)
		}
		all = all[len(s):]
	}
	return total, nil
}
