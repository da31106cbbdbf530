package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stheno/cmd/internal/shell"
)

func TestGraphWritesAPictureAndStops(t *testing.T) {
	t.Chdir(t.TempDir())
	like := writeData(t, 28, 28, 10, 20, 10)
	for file, args := range map[string][]string{"mlp.dot": nil, "mlp-gradients.dot": {"-graph-gradients"}} {
		o := succeed(t, mlp, append(args, "-data", like, "-graph", file)...)
		if o.stdout != "" || o.stderr != file+" has the graph of a training step\n" {
			t.Errorf("%s: stdout %q, stderr %q", file, o.stdout, o.stderr)
		}
		if d := cmp.Diff(read(t, root(t), "nets", "dot", "testdata", file), read(t, file)); d != "" {
			t.Errorf("%s (-want +got):\n%s", file, d)
		}
	}
	if o := succeed(t, cnn, "-data", like, "-graph", "cnn.dot", "-batch", "7", "-summary"); !strings.Contains(o.stdout, "Total params: 4,738,826") {
		t.Errorf("with -summary: %s", o.stdout)
	}
	if !strings.Contains(read(t, "cnn.dot"), "(7,26,26,32)") {
		t.Error("-batch 7 is not drawn")
	}
	if got := names(t, "."); got != "cnn.dot mlp-gradients.dot mlp.dot" {
		t.Errorf("left behind: %s", got)
	}
}

func TestGraphAsSVG(t *testing.T) {
	if _, err := exec.LookPath("dot"); err != nil {
		t.Skip("there is no program dot: apt-get install graphviz")
	}
	path := filepath.Join(t.TempDir(), "cnn.svg")
	succeed(t, cnn, "-data", small(t), "-graph", path)
	if image := read(t, path); !strings.Contains(image, "</svg>") || strings.Contains(image, "AffineGrad") {
		t.Errorf("the image is\n%s", image)
	}
}

func TestGraphWithoutGraphviz(t *testing.T) {
	dir := small(t)
	t.Chdir(t.TempDir())
	t.Setenv("PATH", t.TempDir())
	o := command(t, mlp, "-data", dir, "-graph", "mlp.svg")
	if o.code != shell.Failure || strings.Count(o.stderr, "\n") != 1 || !strings.Contains(o.stderr, "install graphviz") || !strings.Contains(o.stderr, ".dot") {
		t.Errorf("exit code %d, %q", o.code, o.stderr)
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
