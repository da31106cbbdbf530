//go:build linux && amd64

package faults

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
)

// TestAimedKills kills runs before, after and within their system calls on the
// run's files, and some again when they go on: within WriteFile, between the
// files of the history, while the folder gets its name, while old checkpoints go.
func TestAimedKills(t *testing.T) {
	both(t, tiny, func(t *testing.T, p plan) {
		rng := rand.New(rand.NewPCG(seed, 1))
		want := p.want(t)
		dir := t.TempDir()
		_, log := traced(t, p.begin(filepath.Join(dir, "run")), dir, func(int, call) verdict { return verdict{} })
		kills := 12
		if *full {
			kills = len(log) // about one a call
		}
		seen := make(tally)
		for killed := 0; killed < kills && !t.Failed(); {
			folder := p.place(t, killed)
			dir := filepath.Dir(folder)
			// Evenly over the calls, so that few kills are as far apart as many.
			at := 1 + killed*len(log)/kills + rng.IntN(1+len(log)/kills)
			what := ""
			for args := p.begin(folder); ; args = p.next(folder) {
				when := []moment{before, after, within}[rng.IntN(3)]
				var hit call
				o, _ := traced(t, args, dir, func(n int, c call) verdict {
					if n != at {
						return verdict{}
					}
					hit = c
					return verdict{kill: when}
				})
				if !o.killed() {
					if o.code != 0 {
						t.Fatalf("not killed at call %d: %v", at, o)
					}
					break
				}
				killed++
				seen[hit.name]++
				what += fmt.Sprintf("killed %v call %d, %v; ", when, at, hit)
				if rng.IntN(2) == 0 {
					break
				}
				at = 1 + rng.IntN(len(log))
			}
			p.recover(t, what, folder, want)
		}
		t.Logf("seed %d, a run has %d calls: %v", seed, len(log), seen)
	})
}

func (m moment) String() string { return [...]string{"never", "before", "after", "within"}[m] }
