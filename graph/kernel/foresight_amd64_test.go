//go:build !purego

package kernel

import (
	"math/rand/v2"
	"testing"
)

// TestForesightStaysInside: what a block asks for lies in its matrix, also where
// the last rows and the last piece of k are fewer than those before them.
func TestForesightStaysInside(t *testing.T) {
	defer SetThreads(0)
	defer Use(Implementation())
	for name, set := range tilesHere() {
		rng, copied := rand.New(rand.NewPCG(3, 3)), 0
		for range 500 {
			SetThreads(1 + rng.IntN(3))
			p := product{tiles: set, ta: rng.IntN(2) == 0, m: 1 + rng.IntN(700), n: 1 + rng.IntN(300), k: 1 + rng.IntN(2000)}
			if long := 1024 * (1 + rng.IntN(9)); p.ta {
				p.m = long
			} else {
				p.k = long
			}
			p.plan()
			for i := 0; p.copies && i < p.m; i += p.rows {
				copied++
				testForesight(t, name, &p, i)
			}
		}
		if copied < 500 {
			t.Errorf("%s: %d rows of blocks copy what they multiply: too few to test anything", name, copied)
		}
	}
}

// testForesight looks at what the blocks at rows i ... of c foresee.
func testForesight(t *testing.T, name string, p *product, i int) {
	t.Helper()
	height, width := p.m, p.k
	if p.ta {
		height, width = p.k, p.m
	}
	for shard := range p.shards {
		from, to := shard*p.k/p.shards, (shard+1)*p.k/p.shards
		for l := from; l < to; l += p.depth {
			a := p.foresee(i, l, min(p.depth, to-l), min(p.rows, p.m-i), from, to).a
			if a.rows == 0 {
				continue
			}
			if row, column := a.first/width, a.first%width; row+a.rows > height || column+a.columns > width {
				t.Fatalf("%s: m %d n %d k %d ta %v, %d threads: row %d, piece %d of k foresees %d x %d at %d,%d of %d x %d",
					name, p.m, p.n, p.k, p.ta, Threads(), i, l, a.rows, a.columns, row, column, height, width)
			}
		}
	}
}
