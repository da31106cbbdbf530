package command

import (
	"path/filepath"
	"strings"
	"testing"

	"stheno/cmd/internal/shell"
	"stheno/data/digit"
	"stheno/nets/run"
)

// TestPreparation: a run says how its pictures were prepared, as the data have it
// or as -prepare wants it, and goes on with that.
func TestPreparation(t *testing.T) {
	dir, runs := t.TempDir(), t.TempDir()
	writePictures(t, filepath.Join(dir, "train"), 3)
	writePictures(t, filepath.Join(dir, "test"), 1)
	for name, c := range map[string]struct {
		args  []string
		want  digit.Method
		image [3]int
		says  string
	}{
		"pictures":     {[]string{"-data", dir}, digit.Raw, [3]int{40, 40, 3}, "are only scaled"},
		"by their ink": {[]string{"-data", dir, "-prepare", "mnist"}, digit.MNIST, [3]int{28, 28, 1}, "are prepared as MNIST's"},
		"IDX":          {[]string{"-data", small(t)}, digit.Raw, [3]int{8, 8, 1}, "are only scaled"},
	} {
		run := run.Folder(filepath.Join(runs, name))
		o := succeed(t, mlp, append(c.args, "-epochs", "2", "-steps", "1", "-out", string(run))...)
		if !strings.Contains(o.stderr, c.says) {
			t.Errorf("%s: it says %q", name, o.stderr)
		}
		config, err := run.ReadConfig()
		if err != nil || config.Settings.Preparation.Method != c.want || config.Data.Image != c.image {
			t.Errorf("%s: prepared by %q to %v, %v", name, config.Settings.Preparation.Method, config.Data.Image, err)
		}
		if c.want == digit.MNIST {
			succeed(t, mlp, "-resume", string(run), "-steps", "2")
		}
		other := map[digit.Method]string{digit.Raw: "mnist", digit.MNIST: "raw"}[c.want]
		if o := command(t, mlp, "-resume", string(run), "-prepare", other); o.code != shell.Wrong || !strings.Contains(o.stderr, "-prepare "+other+": the run has -prepare "+string(c.want)) {
			t.Errorf("%s: resumed otherwise: %+v", name, o)
		}
	}
	for _, c := range [][]string{
		{"-prepare upright: must be raw or mnist", "-prepare", "upright"},
		{"images of 8 x 8 x 1 cannot be prepared as MNIST's were, which are 28 x 28 x 1", "-prepare", "mnist", "-data", small(t)},
	} {
		if o := command(t, mlp, c[1:]...); o.code == 0 || !strings.Contains(o.stderr, c[0]) {
			t.Errorf("%q: %+v, expected %q", c[1:], o, c[0])
		}
	}
}
