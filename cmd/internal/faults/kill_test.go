//go:build linux

package faults

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// seed is that of all chance in these tests.
const seed = 11

// TestRandomKills kills runs at random moments, and some again when they go on.
func TestRandomKills(t *testing.T) { killAtRandom(t, busy, 12, 100) }

// TestRandomKillsOfPretraining: half of the moments fall into the run before the
// run, in a folder of its own.
func TestRandomKillsOfPretraining(t *testing.T) { killAtRandom(t, pretrained, 6, 50) }

// killAtRandom kills runs of both programs so many times, or with -full so many.
func killAtRandom(t *testing.T, args string, kills, all int) {
	t.Parallel() // most of it waits
	if *full {
		kills = all
	}
	both(t, args, func(t *testing.T, p plan) {
		rng := rand.New(rand.NewPCG(seed, 0))
		want := p.want(t)
		began := time.Now()
		succeed(t, p.begin(filepath.Join(t.TempDir(), "run")))
		whole := time.Since(began)
		seen := make(tally)
		for killed := 0; killed < kills; {
			folder := p.place(t, killed)
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

// place is where a run is to be: by turns a path at which there is nothing, and a
// folder that is there, and empty.
func (p plan) place(t testing.TB, turn int) (folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "run")
	if turn%2 == 1 {
		if err := os.Mkdir(folder, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// moment says when a process with these arguments was killed.
func (p plan) moment(t testing.TB, folder string, args []string) string {
	t.Helper()
	what := "begins"
	switch {
	case args[1] == "-resume":
		what = "resumes"
	case !begun(folder):
		return "before there was a run"
	}
	switch {
	case exists(filepath.Join(folder, "pretrain")) && !exists(filepath.Join(folder, "steps.csv")):
		return what + " in the pre-training"
	case exists(filepath.Join(folder, "result.json")):
		return what + " after all was written"
	case exists(filepath.Join(folder, "model.safetensors")):
		return what + " after the model"
	case len(hidden(t, folder)) > 0:
		return what + " in the middle of a file"
	}
	return what + " between files"
}

// recover ends a run that was disturbed, or begins it anew if there is no folder,
// and compares it. What there is of its files is whole, so the process that goes
// on has no damage to speak of.
func (p plan) recover(t *testing.T, what, folder string, want result, more ...string) {
	t.Helper()
	if !tidy(t, what, folder) || !whole(t, what, folder, want) {
		return
	}
	if o := succeed(t, p.next(folder, more...)); o.stderr != "" {
		t.Errorf("%s: going on: %v", what, o)
	}
	same(t, what, folder, want)
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(folder), ".run-*")); len(left) > 0 {
		t.Errorf("%s: leaves %v behind, also for the run after it", what, left)
	}
}

// whole says whether the files of an interrupted run are old or new ones, never
// parts.
func whole(t *testing.T, what, folder string, want result) bool {
	t.Helper()
	ok := true
	for name, text := range filesOf(t, folder) {
		fine := text == want[name]
		switch name {
		case "config.json", "history.json": // the history may be shorter
			fine = json.Valid([]byte(text))
		case "history.csv":
			fine = strings.HasPrefix(want[name], text)
		case "steps.csv", "pretrain/steps.csv", eventFiles[0], eventFiles[1]: // a log that grows
			fine = true
		}
		if !fine {
			t.Errorf("%s: %s is only a part, or another one: %d bytes", what, name, len(text))
			ok = false
		}
	}
	return ok
}
