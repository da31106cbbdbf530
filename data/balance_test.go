package data

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// uneven has so many rows of each class, mixed; a row's pixel is its number.
func uneven(counts ...int) *Set {
	s := &Set{Height: 1, Width: 1, Channels: 1}
	for left := true; left; {
		left = false
		for class := range counts {
			if counts[class] == 0 {
				continue
			}
			counts[class]--
			left = true
			s.Pixels, s.Labels = append(s.Pixels, uint8(len(s.Labels))), append(s.Labels, uint8(class))
		}
	}
	return s
}

func source(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 1)) }

func count(s *Set, rows []int) map[uint8]int {
	n := make(map[uint8]int)
	for _, row := range rows {
		n[s.Labels[row]]++
	}
	return n
}

func TestBalanced(t *testing.T) {
	s := uneven(50, 20, 0, 30)
	for _, n := range []int{1, 3, 10, 60} {
		got, err := s.Balanced(n, source(1))
		if err != nil || got.Len() != n {
			t.Fatalf("%d images: %d, %v", n, got.Len(), err)
		}
		same, _ := s.Balanced(n, source(1))
		if !slices.Equal(got.Pixels, same.Pixels) {
			t.Errorf("%d images: one seed, two sets", n)
		}
		if other, _ := s.Balanced(n, source(2)); n < 60 && n > 1 && slices.Equal(got.Pixels, other.Pixels) {
			t.Errorf("%d images: two seeds, one set", n)
		}
		of := make(map[uint8]int)
		for i, row := range got.Pixels {
			if of[got.Labels[i]]++; got.Labels[i] != s.Labels[row] || i > 0 && row <= got.Pixels[i-1] {
				t.Errorf("%d images: row %d has label %d, or its place twice", n, row, got.Labels[i])
			}
		}
		for class, k := range of {
			if k != n/3 && k != n/3+1 {
				t.Errorf("%d images: %d of class %d", n, k, class)
			}
		}
	}
}

func TestBalancedRefuses(t *testing.T) {
	s := uneven(5, 2)
	for n, want := range map[int]string{0: "from 1 to 7", 8: "from 1 to 7", 6: "class 1 has only 2: at most 4"} {
		if _, err := s.Balanced(n, source(1)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d images: %v", n, err)
		}
	}
}

func TestBalancedBatches(t *testing.T) {
	s := uneven(40, 10, 25, 25)
	seen := make(map[int]int)
	var orders [2][]int
	for run := range orders {
		batches := 0
		for b := range s.BalancedBatches(16, source(3)) {
			if b.Index != batches {
				t.Errorf("batch %d is called %d", batches, b.Index)
			}
			for class, k := range count(s, b.Rows) {
				if want := len(b.Rows) / 4; k != want && k != want+1 {
					t.Errorf("batch %d of %d rows has %d of class %d", b.Index, len(b.Rows), k, class)
				}
			}
			orders[run] = append(orders[run], b.Rows...)
			batches++
		}
		if batches != s.BatchCount(16) || len(orders[run]) != s.Len() {
			t.Errorf("%d batches, %d rows", batches, len(orders[run]))
		}
	}
	if !slices.Equal(orders[0], orders[1]) {
		t.Error("one seed, two orders")
	}
	for _, row := range orders[0] {
		seen[row]++
	}
	for row, n := range seen { // 25 or so of each class are taken: nobody twice where there are as many
		if s.Labels[row] == 0 && n > 1 {
			t.Errorf("row %d of the largest class comes %d times", row, n)
		}
	}
}

// TestBalancedBatchesOfManyClasses: each class in a batch has two rows.
func TestBalancedBatchesOfManyClasses(t *testing.T) {
	s := uneven(slices.Repeat([]int{6}, 20)...)
	for b := range s.BalancedBatches(8, source(1)) {
		if n := count(s, b.Rows); len(n) != 4 || n[s.Labels[b.Rows[0]]] != 2 {
			t.Errorf("batch %d: %v", b.Index, n)
		}
	}
}

func TestBalancedBatchesInTheFilesOrder(t *testing.T) {
	s := uneven(2, 3)
	var rows []int
	for b := range s.BalancedBatches(4, nil) {
		rows = append(rows, b.Rows...)
	}
	if want := []int{0, 1, 2, 3, 4}; !slices.Equal(rows, want) { // the last batch, of one row, is of the next class: 1
		t.Errorf("%v, want %v", rows, want)
	}
}

// TestBalancedBatchesInTheFilesOrderHaveAllClasses, though none has them all.
func TestBalancedBatchesInTheFilesOrderHaveAllClasses(t *testing.T) {
	s := uneven(slices.Repeat([]int{8}, 10)...)
	seen := make(map[uint8]int)
	for b := range s.BalancedBatches(8, nil) {
		if n := count(s, b.Rows); len(n) != 4 {
			t.Errorf("batch %d: %v", b.Index, n)
		}
		for class, k := range count(s, b.Rows) {
			seen[class] += k
		}
	}
	for class := range uint8(10) {
		if seen[class] != 8 {
			t.Errorf("class %d has 8 rows, and comes %d times", class, seen[class])
		}
	}
}
