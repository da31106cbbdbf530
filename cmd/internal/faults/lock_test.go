//go:build linux

package faults

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const endless = "-data small -epochs 1000000 -batch 2 -checkpoint-every 3"

// TestOneTrainer: the second process that goes on with a run is refused while
// the first, which has no end, trains on, undisturbed. Killed, it leaves no lock.
func TestOneTrainer(t *testing.T) {
	both(t, endless, func(t *testing.T, p plan) {
		folder := filepath.Join(t.TempDir(), "run")
		first := start(t, p.begin(folder))
		await(t, "the first trainer", func() bool { return exists(filepath.Join(folder, "history.csv")) })
		for range 3 {
			refused(t, "a second trainer", run(t, p.resume(folder)), p.program, folder, "another process is training into it")
		}
		refused(t, "a second run", run(t, p.begin(folder)), p.program, folder, "holds another run")
		first.Process.Kill()
		if o := first.end(t); !o.killed() {
			t.Fatal(o)
		}
		more := []string{"-epochs", "1000000", "-steps", strconv.Itoa(steps(t, folder) + 20)}
		succeed(t, p.resume(folder, more...))
		same(t, "two trainers", folder, p.want(t, more...))
	})
}

// TestTwoBeginners: of two processes that begin a run in one folder, one does.
func TestTwoBeginners(t *testing.T) {
	both(t, tiny, func(t *testing.T, p plan) {
		for range 3 {
			folder := filepath.Join(t.TempDir(), "run")
			two := []*process{start(t, p.begin(folder)), start(t, p.begin(folder))}
			won, lost := two[0].end(t), two[1].end(t)
			if won.code != 0 {
				won, lost = lost, won
			}
			if won.code != 0 || lost.code != 1 || strings.Count(lost.stderr, "\n") != 1 || !strings.Contains(lost.stderr, folder) {
				t.Errorf("%v; %v", won, lost)
			}
			same(t, "two beginners", folder, p.want(t))
			if found := hidden(t, filepath.Dir(folder)); len(found) > 0 {
				t.Errorf("they leave %v behind", found)
			}
		}
	})
}
