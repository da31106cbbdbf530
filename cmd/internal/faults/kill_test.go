//go:build linux

package faults

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
)

// seed is that of all chance in these tests.
const seed = 11

// TestRandomKills kills runs at random moments, and some again when they go on.
func TestRandomKills(t *testing.T) {
	kills := 12
	if *full {
		kills = 100
	}
	both(t, busy, func(t *testing.T, p plan) {
		rng := rand.New(rand.NewPCG(seed, 0))
		want := p.want(t)
		began := time.Now()
		succeed(t, p.begin(filepath.Join(t.TempDir(), "run")))
		whole := time.Since(began)
		seen := make(tally)
		for killed := 0; killed < kills; {
			folder := filepath.Join(t.TempDir(), "run")
			for args := p.begin(folder); ; args = p.next(folder) {
				delay := time.Duration(rng.Float64() * float64(whole))
				process := start(t, args)
				timer := time.AfterFunc(delay, func() { process.Process.Kill() })
				o := process.end(t)
				timer.Stop()
				if !o.killed() {
					if o.code != 0 {
						t.Fatalf("not killed within %v: %v", delay, o)
					}
					break // it was faster
				}
				killed++
				seen[p.moment(t, folder, args)]++
				if rng.IntN(2) == 0 {
					break
				}
			}
			p.recover(t, "a kill", folder, want)
			if t.Failed() {
				break
			}
		}
		t.Logf("seed %d, delays up to %v: %v", seed, whole, seen)
	})
}

// moment says when a process with these arguments was killed.
func (p plan) moment(t testing.TB, folder string, args []string) string {
	t.Helper()
	what := "begins"
	switch {
	case args[1] == "-resume":
		what = "resumes"
	case !exists(folder):
		return "before there was a folder"
	}
	switch {
	case exists(filepath.Join(folder, "result.json")):
		return what + " after all was written"
	case exists(filepath.Join(folder, "model.safetensors")):
		return what + " after the model"
	case len(hidden(t, folder)) > 0:
		return what + " in the middle of a file"
	}
	return what + " between files"
}

// recover ends a run that was killed, or begins it anew if there is no folder,
// and compares it.
func (p plan) recover(t *testing.T, what, folder string, want result) {
	t.Helper()
	if tidy(t, what, folder) {
		succeed(t, p.next(folder))
		same(t, what, folder, want)
	}
}
