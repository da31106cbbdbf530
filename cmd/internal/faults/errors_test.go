//go:build linux && amd64

package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

var errnos = []syscall.Errno{syscall.EIO, syscall.ENOSPC, syscall.EMFILE}

// quiet says whether the failure of a call may stay unnoticed: that of closing
// what cannot be written to, of asking how long it is, and of removing what does
// no harm; a lock is tried twice.
func quiet(c call) bool {
	return c.reader && (c.name == "close" || c.name == "fstat") || c.name == "unlink" || c.name == "flock"
}

// TestFailingCalls has each system call on the run's files fail, with each error
// and then, with one of them, together with all calls after it; in a run that
// begins and in one that goes on.
func TestFailingCalls(t *testing.T) {
	samples := 8
	both(t, tiny, func(t *testing.T, p plan) {
		t.Run("begin", func(t *testing.T) {
			p.fail(t, samples, func(string) []string { return nil })
		})
		t.Run("resume", func(t *testing.T) {
			// Killed in the first save of the second epoch.
			dir := t.TempDir()
			folder := filepath.Join(dir, "run")
			writes := 0
			o, _ := traced(t, p.begin(folder), dir, func(n int, c call) verdict {
				if c.name == "write" && strings.Contains(c.paths[0], "step-000004") {
					if writes++; writes == 2 {
						return verdict{kill: within}
					}
				}
				return verdict{}
			})
			if !o.killed() {
				t.Fatal(o)
			}
			p.fail(t, samples, func(to string) []string {
				if err := os.CopyFS(to, os.DirFS(folder)); err != nil {
					t.Fatal(err)
				}
				return p.resume(to)
			})
		})
	})
}

// fail runs with failures what prepare has made ready in a folder, or a run that
// begins.
func (p plan) fail(t *testing.T, samples int, prepare func(folder string) []string) {
	dir := func(turn int) (dir, folder string, args []string) {
		dir = t.TempDir()
		folder = filepath.Join(dir, "run")
		if args = prepare(folder); args == nil {
			folder = p.place(t, turn)
			dir, args = filepath.Dir(folder), p.begin(folder)
		}
		return dir, folder, args
	}
	in, _, args := dir(1) // of the two places to begin the one with more calls
	_, log := traced(t, args, in, func(int, call) verdict { return verdict{} })
	if *full {
		samples = len(log)
	}
	rng := rand.New(rand.NewPCG(seed, 2))
	codes, kinds := make(tally), make(tally)
	for i := range samples {
		at := 1 + i*len(log)/samples
		if !*full {
			at += rng.IntN(len(log) / samples)
		}
		for k, errno := range errnos {
			for _, onwards := range []bool{false, true} {
				mine := k == i%len(errnos)
				if onwards && !mine || !*full && (!mine || onwards != (i%2 == 1)) {
					continue
				}
				in, folder, args := dir(i / 2) // i decides whether all fail
				before := hidden(t, in)
				var hit call
				o, _ := traced(t, args, in, func(n int, c call) verdict {
					if n == at {
						hit = c
					}
					if n == at || onwards && n > at {
						return verdict{errno: errno}
					}
					return verdict{}
				})
				if hit.name == "" {
					continue // this run had fewer calls
				}
				what := fmt.Sprintf("call %d, %s %s: %v", at, hit.name, filepath.Base(hit.paths[0]), error(errno))
				if onwards {
					what += " and so on"
				}
				codes[fmt.Sprintf("ended with %d", o.code)]++
				kinds[hit.name]++
				p.judge(t, what, o, folder, hit, onwards)
				for _, path := range hidden(t, in) {
					if !onwards && hit.name != "unlink" && !slices.Contains(before, path) {
						t.Errorf("%s: leaves %s behind", what, path)
					}
				}
				if o.code != 0 && !onwards && hit.name != "unlink" && exists(folder) && !begun(folder) && len(list(t, folder)) > 0 {
					t.Errorf("%s: in a folder in which no run has begun it leaves %v", what, list(t, folder))
				}
				p.recover(t, what, folder, p.want(t))
			}
		}
	}
	t.Logf("seed %d, a run has %d calls: %v: %v", seed, len(log), kinds, codes)
}

// judge looks at how a process ended of which a call failed.
func (p plan) judge(t *testing.T, what string, o outcome, folder string, c call, onwards bool) {
	t.Helper()
	var warnings, errors []string
	for line := range strings.Lines(o.stderr) {
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "warning: "):
			warnings = append(warnings, line)
		case line != "":
			errors = append(errors, line)
		}
	}
	o.stderr = strings.ReplaceAll(o.stderr, filepath.Dir(folder), "")
	names := func(line string) bool { return strings.Contains(line, filepath.Dir(folder)) }
	switch {
	case slices.ContainsFunc(slices.Concat(warnings, errors), func(line string) bool { return !names(line) }):
		t.Errorf("%s: a line names no path: %v", what, o)
	case o.code == 0 && len(errors) > 0, o.code == 1 && (len(errors) == 0 || len(errors) > 1 && !onwards || !strings.HasPrefix(errors[0], p.program+": ")), o.code > 1:
		t.Errorf("%s: %v", what, o)
	case o.code == 0 && len(warnings) == 0 && !quiet(c):
		t.Errorf("%s: nobody notices", what)
	}
}

// TestASyncOfTheLogsThatFailsOnce is told, and what it may have dropped is written
// again: the checkpoints after it are saved, and the run ends as if nothing had been.
func TestASyncOfTheLogsThatFailsOnce(t *testing.T) {
	prepare(t)
	p := plan{"mlp", tiny}
	for _, log := range []string{"steps.csv", filepath.Base(eventFiles[0])} {
		dir, failed := t.TempDir(), false
		folder := filepath.Join(dir, "run")
		o, calls := traced(t, p.begin(folder), dir, func(_ int, c call) verdict {
			if !failed && c.name == "fsync" && filepath.Base(c.paths[0]) == log {
				failed = true
				return verdict{errno: syscall.EIO}
			}
			return verdict{}
		})
		if o.code != 0 || strings.Count(o.stderr, "warning: ") != 1 || !strings.Contains(o.stderr, log+": input/output error; training goes on") {
			t.Errorf("%s: %v", log, o)
		}
		again := slices.ContainsFunc(calls, func(c call) bool { return c.name == "pwrite" && filepath.Base(c.paths[0]) == log })
		if !failed || !again {
			t.Errorf("%s: it failed: %v, and was written again: %v", log, failed, again)
		}
		same(t, log, folder, p.want(t))
	}
}
