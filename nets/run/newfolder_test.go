package run_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"stheno/nets/run"
)

// config fills a folder with a config.json alone.
func config(text string) func(run.Folder) error {
	return func(f run.Folder) error { return os.WriteFile(f.File(run.ConfigFile), []byte(text), 0o666) }
}

// TestBeginnersInOneSecondHaveAFolderEach: those of one process have the same
// number, as those of several containers have.
func TestBeginnersInOneSecondHaveAFolderEach(t *testing.T) {
	t.Chdir(quick(t))
	const n = 8
	var filling, done sync.WaitGroup
	filling.Add(n)
	done.Add(n)
	folders, errs := [n]run.Folder{}, [n]error{}
	for i := range n {
		go func() {
			defer done.Done()
			here := sync.OnceFunc(filling.Done)
			defer here()
			folders[i], errs[i] = run.CreateFolder("", "mlp", time.Time{}, func(f run.Folder) error {
				here()
				filling.Wait() // all are at it
				return config(fmt.Sprint(i))(f)
			})
		}()
	}
	done.Wait()
	must(t, errors.Join(errs[:]...))
	for i, f := range folders {
		if got := readFile(t, f, run.ConfigFile); got != fmt.Sprint(i) {
			t.Errorf("%s is that of %s, want %d", f, got, i)
		}
	}
	if entries, _ := os.ReadDir("runs"); len(entries) != n {
		t.Errorf("runs/ holds %v", entries)
	}
}

// TestHiddenFoldersOfTheDeadGoThoseOfTheLivingStay while others begin.
func TestHiddenFoldersOfTheDeadGoThoseOfTheLivingStay(t *testing.T) {
	parent := quick(t)
	dead, empty := filepath.Join(parent, ".run-0123456789abcdef.tmp"), filepath.Join(parent, ".run-0000000000000000.tmp")
	foreign := filepath.Join(parent, ".run-of-mine.tmp")
	must(t, errors.Join(os.MkdirAll(filepath.Join(dead, run.CheckpointDir), 0o777), os.WriteFile(filepath.Join(dead, ".lock"), nil, 0o666),
		os.Mkdir(empty, 0o777), os.MkdirAll(filepath.Join(foreign, "x"), 0o777)))
	_, err := run.CreateFolder(filepath.Join(parent, "slow"), "", time.Time{}, func(f run.Folder) error {
		_, err := run.CreateFolder(filepath.Join(parent, "fast"), "", time.Time{}, config("fast"))
		return errors.Join(err, config("slow")(f))
	})
	must(t, err)
	entries, _ := os.ReadDir(parent)
	if got := fmt.Sprint(entries); len(entries) != 3 || !strings.Contains(got, "fast") || !strings.Contains(got, "slow") || !strings.Contains(got, ".run-of-mine.tmp") {
		t.Errorf("there are %v", entries)
	}
}

// TestAnEmptyFolderIsFilledWhereItIs, and stays the one that it was.
func TestAnEmptyFolderIsFilledWhereItIs(t *testing.T) {
	dir := quick(t)
	for name, prepare := range map[string]func(path string) error{
		"a folder": func(path string) error { return os.Mkdir(path, 0o777) },
		"a mode": func(path string) error {
			return errors.Join(os.Mkdir(path, 0o777), os.Chmod(path, 0o770|os.ModeSetgid))
		},
		"a link": func(path string) error {
			return errors.Join(os.Mkdir(path+" its target", 0o777), os.Symlink(path+" its target", path))
		},
		"a new file system":    func(path string) error { return os.MkdirAll(filepath.Join(path, "lost+found"), 0o777) },
		"the folder one is in": func(path string) error { err := os.Mkdir(path, 0o777); t.Chdir(path); return err },
	} {
		path := filepath.Join(dir, name)
		must(t, prepare(path))
		before, err := os.Stat(path)
		must(t, err)
		given := path
		if strings.HasSuffix(name, "is in") {
			given = "."
		}
		f, err := run.CreateFolder(given, "", time.Time{}, config("it"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		link, _ := os.Lstat(path)
		if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) || before.Mode() != after.Mode() || string(f) != given || (name == "a link") != (link.Mode()&os.ModeSymlink != 0) {
			t.Errorf("%s: %v is another one than %v: %v, %s", name, after, before, err, f)
		}
		if got := readFile(t, f, run.ConfigFile); got != "it" {
			t.Errorf("%s: %s", name, got)
		}
		if err := run.CheckFolder(given); err == nil || !strings.Contains(err.Error(), "holds another run") {
			t.Errorf("%s: a second run: %v", name, err)
		}
	}
}

func TestALinkToNothingIsRefused(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink("gone", link))
	if _, err := run.CreateFolder(link, "", time.Time{}, config("")); err == nil || !strings.Contains(err.Error(), "is a link to gone, which is not there") {
		t.Error(err)
	}
}

// TestAFolderInWhichARunCannotBeginIsLeftAsItWas: nothing of another's is removed,
// and nothing of the run's stays.
func TestAFolderInWhichARunCannotBeginIsLeftAsItWas(t *testing.T) {
	dir := quick(t)
	must(t, os.Mkdir(filepath.Join(dir, "lost+found"), 0o777))
	failure := errors.New("no room")
	_, err := run.CreateFolder(dir, "", time.Time{}, func(f run.Folder) error {
		p := newTrial(t, faultRecipe, 1)
		return errors.Join(p.checkpoint.Begin(f), config("it")(f), failure)
	})
	if entries, _ := os.ReadDir(dir); !errors.Is(err, failure) || len(entries) != 1 {
		t.Errorf("%v leaves %v", err, entries)
	}
}

// TestARunThatWasCutOffBeginsAnew: as by a power cut, in a folder that is filled
// where it is. One that has trained is a run, whatever it has lost.
func TestARunThatWasCutOffBeginsAnew(t *testing.T) {
	f := run.Folder(quick(t))
	p := newTrial(t, faultRecipe, 1)
	must(t, errors.Join(os.Mkdir(f.File(run.CheckpointDir), 0o777), os.WriteFile(f.File(".lock"), nil, 0o666), p.checkpoint.Begin(f),
		os.WriteFile(f.File(".config.json.7-1.tmp"), []byte("{"), 0o666), os.WriteFile(f.File("checkpoint/.step-000000.safetensors.7-1.tmp"), []byte("{"), 0o666)))
	if _, err := f.ReadConfig(); !f.IsCutOff() || err == nil || !strings.Contains(err.Error(), "begin it again with -out "+string(f)) {
		t.Errorf("it is not seen: %v", err)
	}
	_, err := run.CreateFolder(string(f), "", time.Time{}, func(f run.Folder) error {
		return errors.Join(newTrial(t, faultRecipe, 2).checkpoint.Begin(f), config("new")(f))
	})
	must(t, err)
	for dir, want := range map[string]int{"": 3, run.CheckpointDir: 1} {
		if entries, _ := os.ReadDir(f.File(dir)); len(entries) != want {
			t.Errorf("there are %v", entries)
		}
	}
	must(t, errors.Join(os.Remove(f.File(run.ConfigFile)), os.WriteFile(f.File("checkpoint/step-000004.safetensors"), nil, 0o666)))
	if err := run.CheckFolder(string(f)); err == nil || f.IsCutOff() || !strings.Contains(err.Error(), "is not empty (checkpoint is there)") {
		t.Errorf("a run without its config.json: %v", err)
	}
}

// TestARunFolderIsLockedFromItsFirstMoment until its maker unlocks it.
func TestARunFolderIsLockedFromItsFirstMoment(t *testing.T) {
	dir := quick(t)
	must(t, os.Mkdir(filepath.Join(dir, "there"), 0o777))
	for _, name := range []string{"there", "new"} {
		locked := func(f run.Folder) {
			t.Helper()
			if _, err := f.Lock(); err == nil || !strings.Contains(err.Error(), "another process is training into it") {
				t.Errorf("%s: %v", f, err)
			}
		}
		f, unlock, err := run.BeginFolder(filepath.Join(dir, name), "", time.Time{}, func(f run.Folder) error {
			locked(f)
			return config("")(f)
		})
		must(t, err)
		if runtime.GOOS != "windows" {
			locked(f)
		}
		must(t, unlock())
		unlock, err = f.Lock()
		must(t, err)
		must(t, unlock())
	}
}
