package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stheno/nets/run"
)

// TestNewestRuns: without a run, the newest one is compared with the newest other
// of the same data.
func TestNewestRuns(t *testing.T) {
	one, other := dataset(t, 1), dataset(t, 2)
	t.Chdir(t.TempDir())
	if code, _, stderr := execute(t); code != 2 || !strings.Contains(stderr, "no run with a model below runs/: train one with go run ./cmd/mlp") {
		t.Errorf("without runs: %d, %q", code, stderr)
	}
	place := func(name, from string, hours int) {
		to := filepath.Join(run.RunsFolder, name)
		if err := os.MkdirAll(run.RunsFolder, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
		when := time.Unix(1e9, 0).Add(time.Duration(hours) * time.Hour)
		if err := os.Chtimes(run.Folder(to).File(run.ModelFile), when, when); err != nil {
			t.Fatal(err)
		}
	}
	place("newest", trained(t, one, "mlp", 1, 1, 0), 9)
	if code, stdout, stderr := execute(t); code != 0 || stderr != "runs/newest, the newest run, is the only one of its data\n" || !strings.Contains(stdout, "runs/newest") {
		t.Errorf("one run: %d, %q, %q", code, stderr, stdout)
	}
	if code, _, stderr := execute(t, "-committee"); code != 2 || !strings.Contains(stderr, "name two or more runs") {
		t.Errorf("a committee of one: %d, %q", code, stderr)
	}
	place("alien", trained(t, other, "mlp", 1, 1, 0), 8)
	place("older", trained(t, one, "mlp", 2, 1, 0), 5)
	place("oldest", trained(t, one, "mlp", 3, 1, 0), 1)
	code, stdout, stderr := execute(t)
	if code != 0 || stderr != "runs/newest and runs/older, the two newest runs of the same data\n" || stdout != succeed(t, "runs/newest", "runs/older") {
		t.Errorf("four runs: %d, %q, %q", code, stderr, stdout)
	}
}
