//go:build linux

package faults

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"stheno/cmd/internal/commandtest"
)

var full = flag.Bool("full", false, "try everything, for some minutes, instead of a sample")

// patience is how long a process may take for what takes it less than a second.
const patience = 60 * time.Second

// programs is a folder with the built programs and the data that they train on.
var programs string

func TestMain(m *testing.M) {
	for _, name := range []string{"STHENO_DATA", "CI", "NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "GOMAXPROCS", "GOGC"} {
		os.Unsetenv(name)
	}
	code := m.Run()
	if programs != "" {
		os.RemoveAll(programs)
	}
	os.Exit(code)
}

// build makes programs, once.
var build = sync.OnceValue(func() error {
	dir, err := os.MkdirTemp("", "stheno-faults-")
	if err != nil {
		return err
	}
	programs = dir
	if err := os.Chmod(dir, 0o755); err != nil { // for a test that runs as another user
		return err
	}
	cmd := exec.Command("go", "build", "-o", dir, "./cmd/mlp", "./cmd/cnn")
	cmd.Dir = filepath.Join("..", "..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	return errors.Join(writeData("small", 8, 3, 24, 10), writeData("long", 8, 3, 20000, 10), writeData("large", 28, 10, 200, 40))
})

// writeData writes a data folder of random images whose brightness tells their
// label.
func writeData(name string, side, classes, trainRows, testRows int) error {
	dir, rng := filepath.Join(programs, name), rand.New(rand.NewPCG(1, 2))
	err := os.Mkdir(dir, 0o777)
	for set, rows := range map[string]int{"train": trainRows, "t10k": testRows} {
		labels, pixels := make([]byte, rows), make([]byte, 0, rows*side*side)
		for i := range labels {
			labels[i] = byte(i % classes)
			for range side * side {
				pixels = append(pixels, byte(rng.IntN(256/classes)+256/classes*(i%classes)))
			}
		}
		err = errors.Join(err, writeIDX(filepath.Join(dir, set+"-images-idx3-ubyte.gz"), pixels, rows, side, side),
			writeIDX(filepath.Join(dir, set+"-labels-idx1-ubyte.gz"), labels, rows))
	}
	return err
}

func writeIDX(path string, body []byte, dims ...int) error {
	var file bytes.Buffer
	z := gzip.NewWriter(&file)
	z.Write([]byte{0, 0, 8, byte(len(dims))})
	for _, d := range dims {
		binary.Write(z, binary.BigEndian, uint32(d))
	}
	z.Write(body)
	z.Close()
	return os.WriteFile(path, file.Bytes(), 0o666)
}

// plan is a run that is to be disturbed.
type plan struct {
	program string // mlp or cnn
	args    string
}

// The plans: of 6, 36, 8 and 8, and 10,000 steps, which nobody waits for.
const (
	tiny       = "-data small -epochs 2 -batch 8 -checkpoint-every 2 -tensorboard"
	busy       = "-data small -epochs 3 -batch 2 -checkpoint-every 1 -tensorboard"
	pretrained = "-data small -epochs 2 -batch 6 -checkpoint-every 1 -pretrain triplet -pretrain-epochs 2"
	long       = "-data long -epochs 1 -batch 2 -checkpoint-every 5"
)

// both calls test for each of the two programs.
func both(t *testing.T, args string, test func(t *testing.T, p plan)) {
	prepare(t)
	for _, program := range []string{"mlp", "cnn"} {
		t.Run(program, func(t *testing.T) { test(t, plan{program, args}) })
	}
}

func prepare(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and starts programs")
	}
	if err := build(); err != nil {
		t.Fatal(err)
	}
}

// begin is the command line of the run, into folder.
func (p plan) begin(folder string, more ...string) []string {
	return slices.Concat([]string{p.path()}, strings.Fields(p.args), []string{"-verbose", "0", "-out", folder}, more)
}

// resume is the one that goes on with it.
func (p plan) resume(folder string, more ...string) []string {
	return slices.Concat([]string{p.path(), "-resume", folder, "-verbose", "0"}, more)
}

// next goes on with the run if there is one, and else begins.
func (p plan) next(folder string, more ...string) []string {
	if begun(folder) {
		return p.resume(folder, more...)
	}
	return p.begin(folder, more...)
}

func (p plan) path() string { return filepath.Join(programs, p.program) }

// outcome is how a process ended and what it said.
type outcome struct {
	code           int // 128 and more if a signal has ended it, as in shells
	stdout, stderr string
}

func (o outcome) killed() bool { return o.code == 128+int(syscall.SIGKILL) }

func (o outcome) String() string {
	return fmt.Sprintf("exit code %d, stdout %q, stderr %q", o.code, o.stdout, o.stderr)
}

// process is a command that has been started, in the folder of the data.
type process struct {
	*exec.Cmd
	out, err commandtest.Buffer
}

func start(t testing.TB, args []string, env ...string) *process {
	t.Helper()
	p := command(args, env...)
	p.begin(t)
	return p
}

func (p *process) begin(t testing.TB) {
	t.Helper()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // of a test that has failed
		if p.ProcessState == nil {
			p.Process.Kill()
			p.Wait()
		}
	})
}

func command(args []string, env ...string) *process {
	p := &process{Cmd: exec.Command(args[0], args[1:]...)}
	p.Dir, p.Env = programs, append(os.Environ(), env...)
	p.Stdout, p.Stderr = &p.out, &p.err
	return p
}

// end waits for it. One that hangs is killed, which nobody expects.
func (p *process) end(t testing.TB) outcome {
	t.Helper()
	hangs := time.AfterFunc(patience, func() { p.Process.Signal(syscall.SIGQUIT) })
	defer hangs.Stop()
	err := p.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	o := outcome{p.ProcessState.ExitCode(), p.out.String(), p.err.String()}
	if status := p.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		o.code = 128 + int(status.Signal())
	}
	noPanic(t, o)
	return o
}

func execute(t testing.TB, args []string, env ...string) outcome {
	t.Helper()
	return start(t, args, env...).end(t)
}

func succeed(t testing.TB, args []string, env ...string) outcome {
	t.Helper()
	o := execute(t, args, env...)
	if o.code != 0 {
		t.Fatalf("%s: %v", strings.Join(args, " "), o)
	}
	return o
}

func noPanic(t testing.TB, o outcome) {
	t.Helper()
	if strings.Contains(o.stderr, "goroutine ") || strings.Contains(o.stderr, "panic:") {
		t.Errorf("it panics, or hangs for %v: %v", patience, o)
	}
}

// result is the files of a run that tell how it ended, times aside.
type result map[string]string

var resultFiles = []string{"model.safetensors", "steps.csv", "history.csv", "history.json", "result.json", "model.onnx", "curves.svg", "confusion.svg"}

// pretrainFiles are those of the run before the run, where there is one.
var pretrainFiles = []string{"pretrain/model.safetensors", "pretrain/steps.csv"}

var (
	secondsJSON = regexp.MustCompile(`"seconds": [0-9.e+-]+`)
	secondsCSV  = regexp.MustCompile(`(?m),[^,\n]+$`)
)

// eventFiles are those that TensorBoard reads.
var eventFiles = []string{"tensorboard/train/events.out.tfevents.0000000000.stheno", "tensorboard/validation/events.out.tfevents.0000000000.stheno"}

// untimed is an event file without the times of day: of each event's frame, 12
// bytes before it and 4 behind, the length is left, and of the event all but the
// 9 bytes that it begins with.
func untimed(t testing.TB, path, file string) string {
	t.Helper()
	var text strings.Builder
	for len(file) > 0 {
		n := 0
		if len(file) >= 16 {
			n = int(binary.LittleEndian.Uint64([]byte(file)))
		}
		if n < 9 || len(file) < n+16 || file[12] != 1<<3|1 {
			t.Errorf("%s: an event is damaged or cut off: %q", path, file)
			break
		}
		text.WriteString(file[:8] + file[12+9:12+n])
		file = file[16+n:]
	}
	return text.String()
}

// filesOf are those of a run's result and its config.json that are there, without
// their times.
func filesOf(t testing.TB, folder string) result {
	t.Helper()
	r := make(result)
	for _, name := range slices.Concat([]string{"config.json"}, resultFiles, pretrainFiles, eventFiles) {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		r[name] = string(content)
		switch name {
		case "history.csv":
			r[name] = secondsCSV.ReplaceAllString(r[name], "")
		case "history.json", "result.json":
			r[name] = secondsJSON.ReplaceAllString(r[name], `"seconds": 0`)
		}
		if complete := exists(filepath.Join(folder, "result.json")); complete && slices.Contains(eventFiles, name) {
			r[name] = untimed(t, name, r[name])
		}
	}
	return r
}

// resultOf is a run's that has ended.
func resultOf(t testing.TB, folder string) result {
	t.Helper()
	r := filesOf(t, folder)
	delete(r, "config.json")
	for _, name := range resultFiles {
		if _, ok := r[name]; !ok {
			t.Errorf("%s has no %s", folder, name)
		}
	}
	return r
}

var undisturbed sync.Map // of a plan and more flags

// want is the result of the run that nobody disturbs.
func (p plan) want(t testing.TB, more ...string) result {
	t.Helper()
	key := fmt.Sprint(p, more)
	if r, ok := undisturbed.Load(key); ok {
		return r.(result)
	}
	folder := filepath.Join(t.TempDir(), "run")
	succeed(t, p.begin(folder, more...))
	r := resultOf(t, folder)
	undisturbed.Store(key, r)
	return r
}

// same compares a run that has been disturbed with the one that has not, and
// says whether they are alike.
func same(t testing.TB, what, folder string, want result) bool {
	t.Helper()
	ok := true
	got := resultOf(t, folder)
	for _, name := range slices.Concat(resultFiles, pretrainFiles, eventFiles) {
		if got[name] != want[name] {
			t.Errorf("%s: %s is another one than without: %d bytes, want %d", what, name, len(got[name]), len(want[name]))
			ok = false
		}
	}
	return tidy(t, what, folder) && ok
}

var visible = append([]string{"config.json", "checkpoint", "report.html", "tensorboard"}, resultFiles...)

// pretrainVisible is what a pre-training adds.
var pretrainVisible = []string{"pretrain", "embedding.svg"}

// tidy says whether there is nothing in the run's folder, and nothing visible
// beside it, that does not belong there.
func tidy(t testing.TB, what, folder string) bool {
	t.Helper()
	ok := true
	stray := func(path string) { t.Errorf("%s: leaves %s behind", what, path); ok = false }
	for _, name := range list(t, filepath.Dir(folder)) {
		if name != filepath.Base(folder) && name[0] != '.' {
			stray(name)
		}
	}
	if !begun(folder) {
		return ok
	}
	belongs := visible
	if config, _ := os.ReadFile(filepath.Join(folder, "config.json")); bytes.Contains(config, []byte(`"pretrain": "triplet"`)) {
		belongs = slices.Concat(visible, pretrainVisible)
	}
	for _, name := range list(t, folder) {
		if name[0] != '.' && !slices.Contains(belongs, name) {
			stray(name)
		}
	}
	for _, dir := range []string{"train", "validation"} {
		if files, _ := filepath.Glob(filepath.Join(folder, "tensorboard", dir, "*")); len(files) > 1 {
			stray(files[1])
		}
	}
	for _, name := range list(t, filepath.Join(folder, "checkpoint")) {
		if found, _ := filepath.Match("step-??????.safetensors", name); name[0] != '.' && !found {
			stray("checkpoint/" + name)
		}
	}
	return ok
}

// hidden are the temporary files below dir, which only a killed process may
// leave.
func hidden(t testing.TB, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if base := filepath.Base(path); err == nil && base[0] == '.' && strings.HasSuffix(base, ".tmp") {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func list(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// begun says whether there is a run in a folder.
func begun(folder string) bool { return exists(filepath.Join(folder, "config.json")) }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// saved waits until a run has saved something inside its first epoch, at a step
// that ends with 5.
func saved(t testing.TB, folder string) {
	t.Helper()
	await(t, "a checkpoint", func() bool {
		found, _ := filepath.Glob(filepath.Join(folder, "checkpoint", "step-*5.safetensors"))
		return len(found) > 0
	})
}

// await waits until something has become true.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// tally counts what has happened, for the log.
type tally map[string]int

func (c tally) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(c)) {
		parts = append(parts, fmt.Sprintf("%d %s", c[name], name))
	}
	return strings.Join(parts, ", ")
}
