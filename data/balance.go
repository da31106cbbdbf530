package data

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
)

// byClass are the rows of each class that has any, in the classes' order and the
// order of the file.
func (s *Set) byClass() [][]int {
	rows := make([][]int, s.classes())
	for row, label := range s.Labels {
		rows[label] = append(rows[label], row)
	}
	return slices.DeleteFunc(rows, func(of []int) bool { return len(of) == 0 })
}

// Balanced returns a set of n of s's rows, drawn by rng: of each class as many,
// or of some, which rng draws too, one more. They stand in the order of the
// file. It refuses an n that is no number of rows, and one for which a class
// has too few.
func (s *Set) Balanced(n int, rng *rand.Rand) (*Set, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if rng == nil {
		return nil, errors.New("data: there is no source of random numbers to draw rows with: give a rand.New")
	}
	classes := s.byClass()
	if n < 1 || n > s.Len() {
		return nil, fmt.Errorf("data: %d images of %d: must be from 1 to %[2]d", n, s.Len())
	}
	var kept []int
	for i, c := range rng.Perm(len(classes)) {
		rows, want := classes[c], n/len(classes)
		if i < n%len(classes) {
			want++
		}
		if want > len(rows) {
			return nil, fmt.Errorf("data: %d images, as many of each of %d classes: class %d has only %d: at most %d are possible",
				n, len(classes), s.Labels[rows[0]], len(rows), smallest(classes)*len(classes))
		}
		rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		kept = append(kept, rows[:want]...)
	}
	slices.Sort(kept)
	return s.only(kept), nil
}

func smallest(classes [][]int) int {
	n := len(classes[0])
	for _, rows := range classes {
		n = min(n, len(rows))
	}
	return n
}

// only copies some rows.
func (s *Set) only(rows []int) *Set {
	size := s.rowSize()
	t := &Set{Height: s.Height, Width: s.Width, Channels: s.Channels}
	for _, row := range rows {
		t.Pixels = append(t.Pixels, s.Pixels[row*size:(row+1)*size]...)
		t.Labels = append(t.Labels, s.Labels[row])
	}
	return t
}

// BalancedBatches is Batches with as many rows of each class in a batch, give or
// take one: P classes times K rows, as losses over pairs of rows want them. P is
// the number of classes, or half of size if that is less, so that a class has at
// least two rows; then rng draws the classes of a batch, and without rng they
// follow on those of the batch before. A class whose rows are
// used up is shuffled and begun again, so that an epoch, which has as many rows
// as Batches gives it, may have some of a rare class twice and leave out some of
// a frequent one.
func (s *Set) BalancedBatches(size int, rng *rand.Rand) iter.Seq[Batch] {
	if size <= 0 {
		panic(panicBatchSize)
	}
	return func(yield func(Batch) bool) {
		var classes []*turns
		for _, rows := range s.byClass() {
			classes = append(classes, &turns{rows: rows, rng: rng})
		}
		for i, left := 0, s.Len(); left > 0; i++ {
			n := min(size, left)
			if left -= n; !yield(Batch{Index: i, Rows: balanced(classes, n, i, rng), set: s}) {
				return
			}
		}
	}
}

// balanced takes the n rows of a batch, the classes in turn.
func balanced(classes []*turns, n, index int, rng *rand.Rand) []int {
	order := make([]int, len(classes))
	some, first := min(len(order), max(1, n/2)), 0
	if rng == nil {
		first = index * some
	}
	for i := range order {
		order[i] = (first + i) % len(order)
	}
	if rng != nil {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	order = order[:some]
	rows := make([]int, n)
	for i := range rows {
		rows[i] = classes[order[i%len(order)]].take()
	}
	return rows
}

// turns takes rows again and again, each time in another order.
type turns struct {
	rows []int
	next int
	rng  *rand.Rand // nil keeps the order
}

func (t *turns) take() int {
	at := t.next % len(t.rows)
	if at == 0 && t.rng != nil {
		t.rng.Shuffle(len(t.rows), func(i, j int) { t.rows[i], t.rows[j] = t.rows[j], t.rows[i] })
	}
	t.next++
	return t.rows[at]
}
