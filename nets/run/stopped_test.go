package run_test

import (
	"fmt"
	"testing"
)

// resumed are the runs that are interrupted: with checkpoints at the ends of
// epochs alone, and between.
func resumed() map[string]recipe {
	between := func(r recipe, every int) recipe { r.every = every; return r }
	return map[string]recipe{
		"mlp": mlpRecipe, "conv": convRecipe, "mlp/every=3": between(mlpRecipe, 3), "conv/every=1": between(convRecipe, 1),
	}
}

// stride leaves out most of a long list under -short.
func stride(n int) int {
	if testing.Short() {
		return n
	}
	return 1
}

// TestStoppedAtEveryStep: a run that was stopped, after any of its steps, and
// went on in other objects leaves the bytes of one that was not.
func TestStoppedAtEveryStep(t *testing.T) {
	for name, r := range resumed() {
		t.Run(name, func(t *testing.T) {
			whole := begin(t, r)
			whole.toTheEnd(t)
			want := whole.remains(t)
			if steps := whole.adam.State().Step; steps != recipeSteps || len(want.Rows) != r.epochs {
				t.Fatalf("%d steps, %d epochs", steps, len(want.Rows))
			}
			for step := 1; step <= recipeSteps; step += stride(7) {
				t.Run(fmt.Sprint(step), func(t *testing.T) {
					first := begin(t, r)
					first.until(t, step)
					second := resume(t, r, first.folder)
					if second.from.Step != step {
						t.Fatalf("goes on after step %d", second.from.Step)
					}
					second.toTheEnd(t)
					want.same(t, second.remains(t))
				})
			}
		})
	}
}

// TestStoppedAgainAndAgain, also twice within one epoch, and in a last step.
func TestStoppedAgainAndAgain(t *testing.T) {
	for name, r := range resumed() {
		whole := begin(t, r)
		whole.toTheEnd(t)
		want := whole.remains(t)
		for _, stops := range [][]int{{1, 2, 3}, {16, 17, 32}, {5, 15, 16, 63, 64}, {8, 9, 40}} {
			t.Run(fmt.Sprint(name, stops), func(t *testing.T) {
				p := begin(t, r)
				for _, step := range stops {
					p.until(t, step)
					p = resume(t, r, p.folder)
				}
				p.toTheEnd(t)
				want.same(t, p.remains(t))
			})
		}
	}
}

// TestFailedAtSomeStep: a run that ended without a last word goes on from its
// last checkpoint, and what it has logged since is not there twice.
func TestFailedAtSomeStep(t *testing.T) {
	for name, r := range resumed() {
		whole := begin(t, r)
		whole.toTheEnd(t)
		want := whole.remains(t)
		for step := 1; step <= recipeSteps; step += stride(7) * 3 {
			t.Run(fmt.Sprint(name, "/", step), func(t *testing.T) {
				first := begin(t, r)
				first.fail(t, step)
				second := resume(t, r, first.folder)
				if at := second.from.Step; at >= step || r.every > 0 && at < step-r.every {
					t.Errorf("goes on after step %d", at)
				}
				second.toTheEnd(t)
				want.same(t, second.remains(t))
			})
		}
	}
}

// TestALogEndsWhereTheRunDoes: rows behind the checkpoint that a run goes on
// from are no more, also where it does not come so far again.
func TestALogEndsWhereTheRunDoes(t *testing.T) {
	first := begin(t, mlpRecipe)
	first.fail(t, 63)
	second := resume(t, mlpRecipe, first.folder)
	second.until(t, 50)
	whole := begin(t, mlpRecipe)
	whole.until(t, 50)
	whole.remains(t).same(t, second.remains(t))
}
