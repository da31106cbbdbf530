package run_test

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/durable"
	"stheno/nets/internal/disk"
	"stheno/nets/run"
)

// crashRecipe saves often, and more than a few blocks.
var crashRecipe = recipe{net: nets.Network{Name: "toy", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{
	nets.Dense{Units: 300, Activation: nets.ReLU},
	nets.Dense{Units: 3},
}}, dtype: tensor.Float32, rows: 14, batch: 4, epochs: 3, every: 2}

// saves are the calls of a run's saves: one that was stopped while it validated,
// whose last checkpoint is written once more by the run that goes on.
func saves(t *testing.T) (before []byte, ops []disk.Op) {
	t.Helper()
	p := begin(t, crashRecipe)
	before = p.file(t)
	ops = recordCalls(t, p.folder.File(run.CheckpointDir), func() {
		p.until(t, 8)
		p = resume(t, crashRecipe, p.folder)
		p.toTheEnd(t)
	})
	return before, ops
}

// crashed replays calls, lets the machine crash after each of them, and loads
// what every such crash may leave. It returns how many folders it has looked at,
// and what is wrong with the first that does not load the last checkpoint whose
// save had ended or, once it has its name, the one that was being saved, or does
// not have another one beside it. A disk that lies says to have made one sort of
// calls, and has not.
func crashed(t *testing.T, before []byte, ops []disk.Op, lie string) (count int, wrong error) {
	t.Helper()
	folder, seed := run.Folder(quick(t)), maphash.MakeSeed()
	d := &crashDisk{root: filepath.Dir(ops[0].Path), names: map[string]*inode{"step-000000.safetensors": {data: before, synced: true}}, open: make(map[string]*inode)}
	old, next, ended, known := before, []byte(nil), 0, make(map[uint64]bool)
	for i, op := range ops {
		if op.Name != lie {
			d.apply(op)
		}
		switch op.Name {
		case "rename":
			next = d.open[d.name(op.Path)].data
		case "sync folder":
			old, next, ended = next, nil, ended+1
			clear(known) // what was good may be too old now
		}
		d.crashes(func(files map[string][]byte) {
			key := digest(seed, files)
			if wrong != nil || known[key] {
				return
			}
			known[key] = true
			count++
			loaded, err := load(t, folder, files)
			if err == nil && !bytes.Equal(loaded, old) && (next == nil || !bytes.Equal(loaded, next)) {
				err = fmt.Errorf("what loads is neither the old checkpoint nor the new one")
			}
			if steps, _ := folder.Generations(); err == nil && ended > 0 && len(steps) < 2 {
				err = fmt.Errorf("there is no other checkpoint than that of step %v, should it be damaged", steps)
			}
			if err != nil {
				wrong = fmt.Errorf("a crash after call %d, %s %s: %w", i, op.Name, filepath.Base(op.Path), err)
			}
		})
		if wrong != nil {
			break
		}
	}
	return count, wrong
}

// TestEveryCrashLeavesTheOldCheckpointOrTheNew of a run's saves, bit for bit.
func TestEveryCrashLeavesTheOldCheckpointOrTheNew(t *testing.T) {
	before, ops := saves(t)
	count, err := crashed(t, before, ops, "")
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d crashes in %d calls", count, len(ops))
	if count < 200 {
		t.Errorf("%d crashes are too few", count)
	}
}

// TestCrashesOnADiskThatLies: the test above sees what it is there to see.
func TestCrashesOnADiskThatLies(t *testing.T) {
	before, ops := saves(t)
	for _, lie := range []string{"sync", "sync folder"} {
		_, err := crashed(t, before, ops, lie)
		if err == nil {
			t.Errorf("without %s every crash is survived", lie)
		}
		t.Logf("without %s: %v", lie, err)
	}
}

// load makes a folder's checkpoints these files, and loads the newest.
func load(t *testing.T, folder run.Folder, files map[string][]byte) ([]byte, error) {
	t.Helper()
	dir := folder.File(run.CheckpointDir)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s, passedOver, err := folder.LoadState()
	if err != nil {
		return nil, err
	}
	if passedOver != nil {
		return nil, fmt.Errorf("passed over: %w", passedOver)
	}
	var content bytes.Buffer
	err = s.Write(&content)
	return content.Bytes(), err
}

// TestAPowerCutWhileARunBegins in a folder that was there leaves nothing, a
// beginning that is seen to be one and can be begun anew, or the run.
func TestAPowerCutWhileARunBegins(t *testing.T) {
	const text = "a config.json"
	fill := func(f run.Folder) error {
		return errors.Join(newTrial(t, mlpRecipe, 1).checkpoint.Begin(f), durable.WriteFile(f.File(run.ConfigFile), func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		}))
	}
	begun := run.Folder(quick(t))
	ops := recordCalls(t, string(begun), func() {
		_, err := run.CreateFolder(string(begun), "", time.Time{}, fill)
		must(t, err)
	})
	ops = slices.Insert(ops, 0, disk.Op{Name: "create", Path: begun.File(".lock")}) // by the package that locks
	d := &crashDisk{root: string(begun), names: make(map[string]*inode), open: make(map[string]*inode)}
	known, kinds := make(map[uint64]bool), make(map[string]int)
	seed, base := maphash.MakeSeed(), quick(t)
	for i, op := range ops {
		if d.apply(op); op.Path == begun.File(".lock") {
			d.open[".lock"].synced = true // it is empty
		}
		d.crashes(func(files map[string][]byte) {
			key := digest(seed, files)
			if known[key] || t.Failed() {
				return
			}
			known[key] = true
			f := run.Folder(filepath.Join(base, fmt.Sprint(len(known))))
			lay(t, f, files)
			if _, err := os.Stat(f.File(run.ConfigFile)); err == nil {
				kinds["a run"]++
			} else {
				kinds[map[bool]string{true: "a beginning", false: "nothing"}[f.IsCutOff()]]++
				if _, err := run.CreateFolder(string(f), "", time.Time{}, fill); err != nil {
					t.Errorf("a power cut after call %d, %s %s: %v", i, op.Name, op.Path, err)
				}
			}
			s, passedOver, err := f.LoadState()
			if got := readFile(t, f, run.ConfigFile); got != text || err != nil || passedOver != nil || s.Position.Step != 0 {
				t.Errorf("a power cut after call %d, %s %s: config.json is %q, the checkpoint %v, %v", i, op.Name, op.Path, got, err, passedOver)
			}
			must(t, os.RemoveAll(string(f)))
		})
	}
	t.Logf("%v in %d calls", kinds, len(ops))
	if len(kinds) != 3 {
		t.Errorf("not all that may be left is there: %v", kinds)
	}
}

// lay makes files in a new folder; a name with a slash at its end is a folder's.
func lay(t *testing.T, f run.Folder, files map[string][]byte) {
	t.Helper()
	must(t, os.Mkdir(string(f), 0o777))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, "/") {
			must(t, os.MkdirAll(f.File(name), 0o777))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(f.File(name)), 0o777))
		must(t, os.WriteFile(f.File(name), files[name], 0o666))
	}
}
