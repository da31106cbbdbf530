package run_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"stheno/nets/run"
)

// contents are a folder's files.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			text, err := os.ReadFile(path)
			all[path] = string(text)
			return err
		}
		return err
	}))
	return all
}

// TestARunThatHasLostItsFolder ends with an error that says so, leaves alone what
// has come in its place, and can be resumed where its folder is.
func TestARunThatHasLostItsFolder(t *testing.T) {
	whole := begin(t, faultRecipe)
	whole.toTheEnd(t)
	for _, c := range []struct {
		name string
		lose func(folder, moved string) error
		says string
	}{
		{"renamed", func(folder, moved string) error { return os.Rename(folder, moved) }, "was renamed to "},
		{"renamed, and another one in its place", func(folder, moved string) error {
			return errors.Join(os.Rename(folder, moved), os.CopyFS(folder, os.DirFS(moved)))
		}, "was renamed to "},
		{"its lock removed, and taken by another process", func(folder, _ string) error {
			err := os.Remove(filepath.Join(folder, ".lock"))
			return errors.Join(err, os.WriteFile(filepath.Join(folder, ".lock"), nil, 0o666))
		}, "its .lock was removed"},
		{"removed", func(folder, _ string) error { return os.RemoveAll(folder) }, "was removed"},
	} {
		for _, step := range []int{18, 63} { // noticed by a checkpoint within training, and by the last one
			p := begin(t, faultRecipe)
			unlock, err := p.folder.Lock()
			must(t, err)
			folder, moved := string(p.folder), string(p.folder)+"-moved"
			var others map[string]string
			_, err = p.fit(t.Context(), at(step, func() {
				must(t, p.checkpoint.Close())
				must(t, c.lose(folder, moved))
				if _, err := os.Stat(folder); err == nil {
					others = contents(t, folder)
				}
			}))
			if runtime.GOOS != "linux" {
				c.says = "was "
			}
			if err == nil || !strings.Contains(err.Error(), "run folder "+folder+": ") || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s after step %d: %v", c.name, step, err)
			}
			if len(p.warnings) > 0 {
				t.Errorf("%s after step %d: warnings %v", c.name, step, p.warnings)
			}
			if others == nil {
				if _, err := os.Stat(folder); err == nil {
					t.Errorf("%s: it has made %s again", c.name, folder)
				}
			} else if now := contents(t, folder); len(now) != len(others) {
				t.Errorf("%s after step %d: there are %d files, were %d", c.name, step, len(now), len(others))
			} else {
				for path, text := range others {
					if now[path] != text {
						t.Errorf("%s after step %d: it has written to %s", c.name, step, path)
					}
				}
			}
			must(t, unlock())
			for _, f := range []run.Folder{run.Folder(moved), run.Folder(folder)} {
				if _, err := os.Stat(string(f)); err != nil {
					continue
				}
				if q := resume(t, faultRecipe, f); runtime.GOOS == "linux" && f == run.Folder(moved) && q.from.Step < step/4*4+2 {
					t.Errorf("%s after step %d: what was trained until then is lost but for %d steps", c.name, step, q.from.Step)
				} else if q.toTheEnd(t); f == run.Folder(moved) || strings.Contains(c.name, "lock") {
					whole.remains(t).same(t, q.remains(t))
				}
				break
			}
		}
	}
}

// TestAPretrainingThatHasLostItsFolder, which is in that of its run, saves what it
// has trained where it is now, and not in the run's own checkpoints.
func TestAPretrainingThatHasLostItsFolder(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells where a folder is that was renamed")
	}
	of := run.Folder(filepath.Join(quick(t), "run"))
	must(t, os.MkdirAll(of.File(run.CheckpointDir), 0o777))
	unlock, err := of.Lock()
	must(t, err)
	p := newTrial(t, faultRecipe, 1)
	folder, err := run.CreateFolder(of.File("pretrain"), "", time.Time{}, p.checkpoint.Begin)
	must(t, err)
	p.in(folder)
	moved := run.Folder(string(of) + "-moved")
	_, err = p.fit(t.Context(), at(18, func() { must(t, p.checkpoint.Close()); must(t, os.Rename(string(of), string(moved))) }))
	if err == nil || !strings.Contains(err.Error(), "resume it with -resume "+string(moved)) {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(moved.File(run.CheckpointDir)); len(entries) > 0 {
		t.Errorf("the run's own checkpoints are %v", entries)
	}
	if q := resume(t, faultRecipe, run.Folder(moved.File("pretrain"))); q.from.Step < 18 {
		t.Errorf("resumes after step %d", q.from.Step)
	}
	must(t, unlock())
}

// TestLockRemovesWhatAKilledTrainerHasLeft, in the folder of its pre-training too, and
// not what another program may be about to write.
func TestLockRemovesWhatAKilledTrainerHasLeft(t *testing.T) {
	f := run.Folder(t.TempDir())
	must(t, os.Mkdir(f.File("pretrain"), 0o777))
	for _, name := range []string{".history.csv.1-7.tmp", ".model.safetensors.1-8.tmp", ".report.html.1-7.tmp", "history.csv",
		"pretrain/.embedding.json.1-7.tmp", "pretrain/.model.safetensors.1-7.tmp", "pretrain/history.csv"} {
		must(t, os.WriteFile(f.File(name), nil, 0o666))
	}
	old := time.Now().Add(-2 * time.Hour)
	for _, name := range []string{".model.onnx.1-9.tmp", ".mine.tmp", "1-9.tmp"} {
		must(t, os.WriteFile(f.File(name), nil, 0o666))
		must(t, os.Chtimes(f.File(name), old, old))
	}
	unlock, err := f.Lock()
	must(t, err)
	must(t, unlock())
	var left []string
	for _, pattern := range []string{"*", "pretrain/*"} {
		names, err := filepath.Glob(f.File(pattern))
		must(t, err)
		for _, name := range names {
			left = append(left, filepath.Base(name))
		}
	}
	if got := strings.Join(left, " "); got != ".lock .mine.tmp .report.html.1-7.tmp 1-9.tmp history.csv pretrain history.csv" {
		t.Errorf("left: %s", got)
	}
}
