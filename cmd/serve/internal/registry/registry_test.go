package registry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"stheno/cmd/internal/commandtest"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
)

func TestMain(m *testing.M) {
	// The kernels' threads are kept for the life of a program.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("stheno/graph/kernel.(*team).help"))
}

var (
	small = [3]int{4, 3, 1}
	write = commandtest.WriteRun
)

func options(log io.Writer) Options {
	return Options{Batch: 8, Wait: time.Millisecond, Queue: 100, Log: slog.New(slog.NewTextHandler(log, nil)),
		Observe: func(string, int, []time.Duration, time.Duration) {}, Loaded: func(string, int, error) {}}
}

func open(t *testing.T, log io.Writer, folders ...string) *Registry {
	t.Helper()
	r, err := Open(folders, options(log))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func TestNames(t *testing.T) {
	dir := t.TempDir()
	a := write(t, filepath.Join(dir, "a"), "mlp", small, 3, 1, nil)
	b := write(t, filepath.Join(dir, "b"), "mlp", small, 3, 2, nil)
	c := write(t, filepath.Join(dir, "c"), "cnn", [3]int{8, 8, 1}, 3, 3, nil)
	far := write(t, filepath.Join(dir, "far", "a"), "mlp", small, 3, 4, nil)
	for _, k := range []struct {
		folders []string
		names   string
	}{{[]string{a, c}, "mlp cnn"}, {[]string{a + "/", b, c}, "a b cnn"}} {
		var names []string
		for _, m := range open(t, io.Discard, k.folders...).Models() {
			names = append(names, m.Name)
		}
		if strings.Join(names, " ") != k.names {
			t.Errorf("%v are named %v, expected %s", k.folders, names, k.names)
		}
	}
	if _, err := Open([]string{a, far}, options(io.Discard)); err == nil || !strings.Contains(err.Error(), `both be served as "a"`) {
		t.Errorf("two of one name: %v", err)
	}
	if _, err := Open([]string{a, filepath.Join(dir, "none")}, options(io.Discard)); err == nil || !strings.Contains(err.Error(), "is no run folder") {
		t.Errorf("no run: %v", err)
	}
}

// TestProve: weights that cannot be served are refused, at the start too.
func TestProve(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*nets.Model)
		words  string
	}{
		"NaN":      {func(m *nets.Model) { m.Weights[0].Value.Float32s()[7] = float32(math.NaN()) }, `tensor "dense.kernel" has a value that is NaN`},
		"Inf":      {func(m *nets.Model) { m.Weights[3].Value.Float32s()[1] = float32(math.Inf(-1)) }, `tensor "dense_1.bias" has a value that is -Inf`},
		"overflow": {func(m *nets.Model) { fill(m, 3e38) }, "has logit"},
	} {
		dir := write(t, filepath.Join(t.TempDir(), name), "mlp", small, 3, 1, c.change)
		if _, err := Open([]string{dir}, options(io.Discard)); err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v, expected %q", name, err, c.words)
		}
	}
}

func fill(m *nets.Model, v float32) {
	for _, w := range m.Weights {
		for i := range w.Value.Float32s() {
			w.Value.Float32s()[i] = v
		}
	}
}

// TestReload: a good model replaces the old one while others predict, a bad one
// does not, and the log says why.
func TestReload(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	write(t, dir, "mlp", small, 3, 1, nil)
	var log bytes.Buffer
	r := open(t, &log, dir)
	m := r.Model("mlp")
	image := make([]float32, 12)
	image[3] = 0.5
	first, v, err := m.Predict(t.Context(), image)
	if err != nil || v.Number != 1 || m.Changed() {
		t.Fatal(err, v.Number, m.Changed())
	}
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for ctx.Err() == nil {
				s, v, err := m.Predict(context.Background(), image)
				if err != nil || (v.Number == 1) != slices.Equal(s.Logits, first.Logits) {
					t.Errorf("version %v: %v, %v", v, s.Logits, err)
					return
				}
			}
		})
	}
	write(t, dir, "mlp", small, 3, 2, nil)
	if !m.Changed() {
		t.Error("nothing has changed")
	}
	if err := m.Reload(); err != nil || m.Current().Number != 2 || m.Changed() {
		t.Errorf("reload: %v, version %d", err, m.Current().Number)
	}
	path := filepath.Join(dir, run.ModelFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, corrupt := range [][]byte{nil, good[:len(good)/2], []byte("these are no weights")} {
		if err := os.WriteFile(path, corrupt, 0o666); err != nil {
			t.Fatal(err)
		}
		log.Reset()
		if err := m.Reload(); err == nil || m.Current().Number != 2 {
			t.Errorf("%d bytes: %v, version %d", len(corrupt), err, m.Current().Number)
		}
		if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), run.ModelFile) || !strings.Contains(log.String(), "version=2") {
			t.Errorf("%d bytes: log %s", len(corrupt), log.String())
		}
	}
	cancel()
	group.Wait()
}

// TestSameVersion: to read again what has not changed makes no new version; other
// weights and other names of classes do.
func TestSameVersion(t *testing.T) {
	dir := write(t, filepath.Join(t.TempDir(), "run"), "mlp", small, 3, 1, nil)
	m := open(t, io.Discard, dir).Model("mlp")
	first := m.Current()
	reload := func(what string, number int, same bool) {
		t.Helper()
		if err := m.Reload(); err != nil || m.Current().Number != number || (m.Current() == first) != same {
			t.Errorf("%s: %v, version %d, expected %d", what, err, m.Current().Number, number)
		}
	}
	reload("no change", 1, true)
	write(t, dir, "mlp", small, 3, 1, nil)
	reload("the same files again", 1, true)
	if err := run.Folder(dir).WriteJSON(run.HistoryJSONFile, []train.Row{{Epoch: 1}}); err != nil {
		t.Fatal(err)
	}
	reload("a history", 1, false)
	if n := len(m.Current().History); n != 1 {
		t.Errorf("%d rows of history", n)
	}
	write(t, dir, "mlp", small, 3, 2, nil)
	reload("other weights", 2, false)
	f := run.Folder(dir)
	c, err := f.ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	c.Data.Names = []string{"a", "b", "c"}
	if err := f.WriteJSON(run.ConfigFile, c); err != nil {
		t.Fatal(err)
	}
	reload("other names", 3, false)
	reload("no change", 3, false)
}

// TestWatch: a change is seen by itself, a corrupt file is tried once.
func TestWatch(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	write(t, dir, "mlp", small, 3, 1, nil)
	var mu sync.Mutex
	var failures int
	o := options(io.Discard)
	o.Loaded = func(_ string, _ int, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			failures++
		}
	}
	failed := func() int { mu.Lock(); defer mu.Unlock(); return failures }
	r, err := Open([]string{dir}, o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	m := r.Models()[0]
	ctx, cancel := context.WithCancel(t.Context())
	force := make(chan os.Signal)
	var group sync.WaitGroup
	group.Go(func() { r.Watch(ctx, time.Millisecond, force) })
	write(t, dir, "mlp", small, 3, 2, nil)
	await(t, "the second version", func() bool { return m.Current().Number >= 2 && !m.Changed() })
	version, before := m.Current().Number, failed()
	corrupt := filepath.Join(t.TempDir(), "corrupt")
	if err := errors.Join(os.WriteFile(corrupt, []byte("no weights"), 0o666), os.Rename(corrupt, filepath.Join(dir, run.ModelFile))); err != nil {
		t.Fatal(err)
	}
	await(t, "a failure", func() bool { return failed() > before })
	time.Sleep(20 * time.Millisecond)
	if failed() != before+1 {
		t.Errorf("a corrupt file was read %d times", failed()-before)
	}
	force <- os.Interrupt
	await(t, "another try", func() bool { return failed() == before+2 })
	write(t, dir, "mlp", small, 3, 3, nil)
	await(t, "the third version", func() bool { return m.Current().Number > version })
	cancel()
	group.Wait()
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// TestAbsurdConfigLeavesTheOldModel: what no memory has is refused before any is
// taken, and the server lives.
func TestAbsurdConfigLeavesTheOldModel(t *testing.T) {
	dir := write(t, t.TempDir(), "mlp", small, 3, 1, nil)
	r := open(t, io.Discard, dir)
	m := r.Models()[0]
	path := m.Folder.File(run.ConfigFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{`"classes": 1000000000`, `"classes": 4611686018427387904`, `"classes": -1`, `"classes": "x"`, `"classes": 3, "class_names": ["a"]`, `"classes": 3, "image": [65536, 65536, 3]`} {
		if err := os.WriteFile(path, bytes.Replace(good, []byte(`"classes": 3`), []byte(c), 1), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := m.Reload(); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", c, err)
		}
		if _, v, err := m.Predict(t.Context(), make([]float32, 12)); err != nil || v.Number != 1 {
			t.Errorf("%s: %v", c, err)
		}
	}
}
