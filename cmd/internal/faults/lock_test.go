//go:build linux

package faults

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"stheno/nets/run"
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
			refused(t, "a second trainer", execute(t, p.resume(folder)), p.program, folder, "another process is training into it")
		}
		refused(t, "a second run", execute(t, p.begin(folder)), p.program, folder, "holds another run")
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
		for i := range 4 {
			folder := p.place(t, i)
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

// TestBeginnersInContainers: processes that begin in one second, in one place, and
// have the same number, get a folder each, and fill it alone.
func TestBeginnersInContainers(t *testing.T) {
	prepare(t)
	p := plan{"mlp", tiny}
	const n = 4
	dir := t.TempDir()
	args := func(i int, more ...string) []string {
		return slices.Concat([]string{p.path(), "-data", filepath.Join(programs, "small"), "-steps", "1", "-verbose", "0", "-seed", strconv.Itoa(i)}, more)
	}
	var beginners []*process
	for i := range n {
		b := command(args(i))
		b.Dir, b.SysProcAttr = dir, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
		if err := b.Start(); errors.Is(err, syscall.EPERM) {
			t.Skip("needs root, to start processes that all have the number 1")
		} else if err != nil {
			t.Fatal(err)
		}
		beginners = append(beginners, b)
	}
	for _, b := range beginners {
		if o := b.end(t); o.code != 0 || o.stderr != "" {
			t.Error(o)
		}
	}
	runs := list(t, filepath.Join(dir, "runs"))
	if len(runs) != n {
		t.Errorf("%d runs leave %v", n, runs)
	}
	for _, name := range runs {
		folder := filepath.Join(dir, "runs", name)
		c, err := run.Folder(folder).ReadConfig()
		if err != nil {
			t.Fatal(err)
		}
		alone := filepath.Join(t.TempDir(), "run")
		succeed(t, args(int(c.Settings.Seed), "-out", alone))
		if !maps.Equal(resultOf(t, folder), resultOf(t, alone)) {
			t.Errorf("%s, of seed %d, is not what that ends with alone", name, c.Settings.Seed)
		}
	}
}
