package nets

import "math/rand/v2"

// Share is which rows of a batch a model's programs compute, where other
// processes compute the others. The zero value is the whole batch.
type Share struct{ Before, After int } // rows that stand before and after these

// noise is a model's source of dropout with its share of the batch, which may be
// another one in each step.
type noise struct {
	*rand.PCG
	share *Share
}

// Others makes it a graph.Shared.
func (n noise) Others() (before, after int) { return n.share.Before, n.share.After }
