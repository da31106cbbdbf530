package data

import (
	"iter"
	"math/rand/v2"
)

// Batch names some rows of a set; Decode reads them. It is lent: Rows is valid
// only inside the loop body that received the batch. To take a part of a batch,
// as the ranks of a process group do, slice Rows.
type Batch struct {
	Index int   // from 0, within the epoch
	Rows  []int // indices into the set
	set   *Set
}

// Batches walks once over all rows of s, size at a time; the last batch is short
// if size does not divide s.Len(), and a size beyond s.Len() makes one batch of
// all. A nil rng means the order of the file. Otherwise the rows are shuffled
// when a range over the sequence begins, so that each range draws on rng anew
// and is another epoch; equal states of rng give equal orders.
//
// Batches panics if size is not positive.
func (s *Set) Batches(size int, rng *rand.Rand) iter.Seq[Batch] {
	if size <= 0 {
		panic(panicBatchSize)
	}
	return func(yield func(Batch) bool) {
		rows := s.order(rng)
		for i := 0; len(rows) > 0; i++ {
			n := min(size, len(rows))
			if !yield(Batch{Index: i, Rows: rows[:n:n], set: s}) {
				return
			}
			rows = rows[n:]
		}
	}
}

// BatchCount returns the number of batches that Batches yields: Len/size, rounded
// up. It panics if size is not positive.
func (s *Set) BatchCount(size int) int {
	if size <= 0 {
		panic(panicBatchSize)
	}
	n := s.Len() / size
	if s.Len()%size != 0 {
		n++
	}
	return n
}

// Pick returns a batch of the rows that the caller names, to decode single
// images or an order of one's own. The slice is kept, not copied.
func (s *Set) Pick(rows ...int) Batch { return Batch{Rows: rows, set: s} }

// Row lends the pixels (H,W,C) of row i of the batch, and says its label. It
// panics, as Decode does, if the set has no such row.
func (b Batch) Row(i int) (pixels []uint8, label int) {
	if b.set == nil {
		panic(panicBatchSet)
	}
	row := b.Rows[i]
	if row < 0 || row >= b.set.Len() {
		panic(panicBatchRow)
	}
	size := b.set.rowSize()
	return b.set.Pixels[row*size : (row+1)*size], int(b.set.Labels[row])
}

// order returns all rows, shuffled by rng or in the order of the file.
func (s *Set) order(rng *rand.Rand) []int {
	rows := make([]int, s.Len())
	for i := range rows {
		rows[i] = i
	}
	if rng != nil {
		rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	return rows
}
