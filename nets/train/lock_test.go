package train_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"stheno/nets/train"
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
			for _, f := range []train.Folder{train.Folder(moved), train.Folder(folder)} {
				if _, err := os.Stat(string(f)); err != nil {
					continue
				}
				if q := resume(t, faultRecipe, f); runtime.GOOS == "linux" && f == train.Folder(moved) && q.from.Step < step/4*4+2 {
					t.Errorf("%s after step %d: what was trained until then is lost but for %d steps", c.name, step, q.from.Step)
				} else if q.toTheEnd(t); f == train.Folder(moved) || strings.Contains(c.name, "lock") {
					whole.remains(t).same(t, q.remains(t))
				}
				break
			}
		}
	}
}
