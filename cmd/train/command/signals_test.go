//go:build unix

package command

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"stheno/cmd/internal/commandtest"
	"stheno/cmd/internal/shell"
	"stheno/graph/kernel"
)

// patience is how long a process may take for what takes it milliseconds.
const patience = 60 * time.Second

// build builds a command, with its module's Go.
func build(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a program")
	}
	path := filepath.Join(t.TempDir(), "mlp")
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", path, "./cmd/mlp")
	cmd.Dir = root(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	return path
}

// await waits until something has become true.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// exitCode waits for a process's end.
func exitCode(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	stuck := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer stuck.Stop()
	err := cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode() // -1 if it was killed
}

func TestProcess(t *testing.T) {
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.SIGHUP) // tests that nohup started would have their programs ignore it, too
	t.Cleanup(func() { signal.Stop(heard) })
	program, dir := build(t), small(t)
	endless := func(t *testing.T) (*exec.Cmd, string) {
		out := filepath.Join(t.TempDir(), "run")
		return exec.Command(program, "-data", dir, "-epochs", "1000000", "-batch", "1", "-out", out), out
	}
	for name, c := range map[string]struct {
		signal syscall.Signal
		code   int
		word   string
	}{"SIGINT": {syscall.SIGINT, 130, "interrupted"}, "SIGTERM": {syscall.SIGTERM, 143, "terminated"}, "SIGHUP": {syscall.SIGHUP, 129, "terminal closed"}} {
		t.Run(name, func(t *testing.T) {
			cmd, out := endless(t)
			var stdout, stderr commandtest.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			await(t, "the second epoch", func() bool { return strings.Contains(stderr.String(), "Epoch 2/1000000 ") })
			cmd.Process.Signal(c.signal)
			if code := exitCode(t, cmd); code != c.code {
				t.Errorf("exit code %d, want %d; stderr %s", code, c.code, stderr.String())
			}
			if !strings.Contains(stderr.String(), c.word+" after step ") || stdout.String() != "" || strings.Contains(stderr.String(), "goroutine ") {
				t.Errorf("stdout %q, stderr %q", stdout.String(), stderr.String())
			}
			if names(t, out) != interruptedFiles || len(table(t, out, "steps.csv")) < 1+40 {
				t.Errorf("files %s, %d steps", names(t, out), len(table(t, out, "steps.csv"))-1)
			}
		})
	}

	// A process whose stderr is a full pipe hangs in its first line, so that a
	// first signal cannot end it.
	t.Run("the second SIGINT", func(t *testing.T) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		defer w.Close()
		w.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		for err == nil {
			_, err = w.Write(make([]byte, 512))
		}
		cmd, out := endless(t)
		cmd.Stderr = w
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		await(t, "config.json", func() bool { _, err := os.Stat(filepath.Join(out, "config.json")); return err == nil })
		cmd.Process.Signal(syscall.SIGINT)
		time.Sleep(300 * time.Millisecond)
		if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
			t.Fatalf("the first signal has ended it: %v", err)
		}
		began := time.Now()
		cmd.Process.Signal(syscall.SIGINT)
		if code := exitCode(t, cmd); code != 130 || time.Since(began) > patience/2 {
			t.Errorf("exit code %d after %v", code, time.Since(began))
		}
	})

	for name, c := range map[string]struct {
		closed func(cmd *exec.Cmd, w *os.File)
		args   []string
		code   int
	}{
		"stderr closed":       {func(cmd *exec.Cmd, w *os.File) { cmd.Stderr = w }, nil, 0},
		"stdout closed":       {func(cmd *exec.Cmd, w *os.File) { cmd.Stdout = w }, nil, 1},
		"stdout closed, json": {func(cmd *exec.Cmd, w *os.File) { cmd.Stdout = w }, []string{"-json"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "run")
			cmd := exec.Command(program, append(c.args, "-data", dir, "-epochs", "2", "-out", out)...)
			var stdout, stderr commandtest.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
			c.closed(cmd, w)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			w.Close()
			if code := exitCode(t, cmd); code != c.code || strings.Contains(stderr.String(), "goroutine ") {
				t.Errorf("exit code %d, want %d; stderr %q", code, c.code, stderr.String())
			}
			if got := names(t, out); got != allFiles {
				t.Errorf("files %s", got)
			}
		})
	}
}

// TestResumeLineUnderGoRun: the line names what the user has typed, not where go
// run has put the program, and from a folder below the module's the package's path,
// which any folder has. Ctrl-C goes to the whole process group.
func TestResumeLineUnderGoRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	first := exec.Command("go", "run", "./cmd/mlp", "-h") // into the cache, from where the others come
	first.Dir = root(t)
	if err := first.Run(); err != nil {
		t.Fatal(err)
	}
	dir := small(t)
	for _, c := range []struct{ folder, typed, want string }{{"", "./cmd/mlp", "./cmd/mlp"}, {"cmd", "./mlp", "stheno/cmd/mlp"}} {
		t.Run("in"+c.folder, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "run")
			cmd := exec.Command("go", "run", c.typed, "-data", dir, "-epochs", "1000000", "-batch", "1", "-out", out)
			cmd.Dir = filepath.Join(root(t), c.folder)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			var stderr commandtest.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			await(t, "the second epoch", func() bool { return strings.Contains(stderr.String(), "Epoch 2/1000000 ") })
			syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
			if code := exitCode(t, cmd); code != 1 || !strings.Contains(stderr.String(), "\n  go run "+c.want+" -resume "+out+"\n") {
				t.Errorf("exit code %d, stderr %s", code, stderr.String())
			}
		})
	}
}

// TestUnknownKernelsAreRefused: STHENO_CPU is read when the process starts.
func TestUnknownKernelsAreRefused(t *testing.T) {
	cmd := exec.Command(build(t), "-summary")
	cmd.Env = append(os.Environ(), kernel.Variable+"=quantum")
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != shell.Wrong {
		t.Errorf("%v, want exit code %d", err, shell.Wrong)
	}
	if line := string(out); strings.Count(line, "\n") != 1 || !strings.Contains(line, `STHENO_CPU: `) || !strings.Contains(line, `"quantum"`) || !strings.Contains(line, "generic") {
		t.Errorf("it says %q", line)
	}
}
