//go:build linux

package faults

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"stheno/nets/safetensors"
)

// TestSameBits: neither threads nor the garbage collector have a say.
func TestSameBits(t *testing.T) {
	runs := 6
	if *full {
		runs = 20
	}
	both(t, "-data large -epochs 1 -batch 64", func(t *testing.T, p plan) {
		sums := make(map[string][]string)
		for i := range runs {
			// Each pair once in nine runs.
			env := []string{
				"GOMAXPROCS=" + []string{"1", "2", "4"}[i%3],
				"GOGC=" + []string{"10", "off", "100"}[(i+i/3)%3],
			}
			folder := filepath.Join(t.TempDir(), "run")
			args := p.begin(folder)
			if i%2 == 1 {
				args = append(args, "-checkpoint-every", "3")
			}
			succeed(t, args, env...)
			content, err := os.ReadFile(filepath.Join(folder, "model.safetensors"))
			if err != nil {
				t.Fatal(err)
			}
			sum := fmt.Sprintf("%x", sha256.Sum256(content))
			sums[sum] = append(sums[sum], strings.Join(env, " "))
		}
		if len(sums) != 1 {
			t.Errorf("%d runs have %d ends: %v", runs, len(sums), sums)
		}
	})
}

// TestDiverged: a run whose numbers have left all bounds ends before they are
// saved. At a rate beyond float32 the weights do so in the first step; at others
// the loss of the second.
func TestDiverged(t *testing.T) {
	both(t, "-data small -epochs 3 -batch 2 -checkpoint-every 1", func(t *testing.T, p plan) {
		for _, c := range []struct {
			flags []string
			says  string
			last  int // the checkpoint that stays
		}{
			{[]string{"-lr", "1e30"}, "the loss is NaN at step 2 ", 1},
			{[]string{"-lr", "1e39"}, "at step 2 ", 0},
			{[]string{"-lr", "1e39", "-steps", "1"}, "is not finite after step 1: ", 0},
			{[]string{"-lr", "1e39", "-checkpoint-every", "0"}, "at step 2 ", 0},
		} {
			folder := filepath.Join(t.TempDir(), "run")
			o := execute(t, p.begin(folder, c.flags...))
			refused(t, "it has diverged", o, p.program, c.says, "try a smaller learning rate")
			if step := steps(t, folder); step != c.last {
				t.Errorf("%v: the checkpoint is of step %d, want %d", c.flags, step, c.last)
			}
			for _, name := range list(t, filepath.Join(folder, "checkpoint")) {
				finite(t, filepath.Join(folder, "checkpoint", name))
			}
			if again := execute(t, p.resume(folder)); again.code != 1 || again.stderr != o.stderr {
				t.Errorf("%v, resumed: %v; before %v", c.flags, again, o)
			}
			if exists(filepath.Join(folder, "model.safetensors")) || exists(filepath.Join(folder, "result.json")) {
				t.Errorf("%v: it leaves a model: %v", c.flags, list(t, folder))
			}
			tidy(t, "divergence", folder)
		}
	})
}

// finite looks at all numbers of a checkpoint.
func finite(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tensors, _, err := safetensors.Read(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range tensors {
		values := make([]float32, len(w.Data)/4)
		safetensors.Get(values, w.Data)
		for _, v := range values {
			if v-v != 0 {
				t.Fatalf("%s: %s has a %v", path, w.Name, v)
			}
		}
	}
}

// TestSignals: the command that an interrupted run prints, given to a shell, goes
// on with it to the same bits. The folder's name is one that a shell could
// misread.
func TestSignals(t *testing.T) {
	both(t, long+" -steps 150", func(t *testing.T, p plan) {
		for signal, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
			folder, o := "", outcome{}
			for range 5 { // where a busy machine lets the run end first
				folder = filepath.Join(t.TempDir(), "it's a $(run)")
				process := start(t, p.begin(folder))
				saved(t, folder)
				process.Process.Signal(signal)
				if o = process.end(t); o.code != 0 {
					break
				}
			}
			line := ""
			for l := range strings.Lines(o.stderr) {
				if strings.Contains(l, " -resume ") {
					line = strings.TrimSpace(l)
				}
			}
			if o.code != code || line == "" {
				t.Fatalf("%v: %v", signal, o)
			}
			if stopped := fmt.Sprintf("after step %d ", steps(t, folder)); !strings.Contains(o.stderr, stopped) {
				t.Errorf("%v: not saved where it stopped, %q", signal, o.stderr)
			}
			succeed(t, []string{"/bin/sh", "-c", line})
			same(t, signal.String(), folder, p.want(t))
		}
	})
}
