package nets

import "math/rand/v2"

// noise is a model's source of dropout with its place in the batch, which may be
// another one in each step. It is a graph.Shared.
type noise struct {
	*rand.PCG
	before *int
}

func (n noise) Before() int { return *n.before }
