package command

import (
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stheno/cmd/internal/shell"
	"stheno/nets/run"
)

// TestAugmentIsOfTheRun: the distortion stands in config.json with all its
// numbers, and a run goes on with it alone.
func TestAugmentIsOfTheRun(t *testing.T) {
	dir, out := small(t), filepath.Join(t.TempDir(), "run")
	succeed(t, mlp, "-data", dir, "-epochs", "1", "-augment", "elastic:sigma=2+affine:shift=1", "-out", out)
	c, err := run.Folder(out).ReadConfig()
	const full = "affine:rotate=10,scale=0.1,shear=0.1,shift=1+elastic:alpha=20,sigma=2"
	if err != nil || c.Settings.Augment != full {
		t.Errorf("the run has %q (%v), expected %q", c.Settings.Augment, err, full)
	}
	for _, other := range []string{"none", "affine", "elastic:sigma=2"} {
		if o := command(t, mlp, "-resume", out, "-epochs", "2", "-augment", other); o.code != shell.Wrong || !strings.Contains(o.stderr, "the run has -augment "+full) {
			t.Errorf("-augment %s: exit code %d, %q", other, o.code, o.stderr)
		}
	}
	succeed(t, mlp, "-resume", out, "-epochs", "2", "-augment", "affine:shift=1+elastic:sigma=2")

	plain := filepath.Join(t.TempDir(), "run")
	succeed(t, mlp, "-data", dir, "-epochs", "1", "-out", plain)
	if o := command(t, mlp, "-resume", plain, "-epochs", "2", "-augment", "affine"); o.code != shell.Wrong || !strings.Contains(o.stderr, "-augment ") {
		t.Errorf("exit code %d, %q", o.code, o.stderr)
	}
	succeed(t, mlp, "-resume", plain, "-epochs", "2", "-augment", "none")
}

// TestRunsOfBeforeGoOn: a config.json that knows nothing of distortions is of a
// run without them.
func TestRunsOfBeforeGoOn(t *testing.T) {
	dir, out := small(t), filepath.Join(t.TempDir(), "run")
	succeed(t, mlp, "-data", dir, "-epochs", "1", "-out", out)
	config, err := os.ReadFile(filepath.Join(out, "config.json"))
	if err != nil || strings.Contains(string(config), "augment") {
		t.Fatalf("a run without distortion has the settings of before there was one, but %v, %s", err, config)
	}
	succeed(t, mlp, "-resume", out, "-epochs", "2")
}

func TestAugmentSheet(t *testing.T) {
	dir := small(t)
	t.Chdir(t.TempDir())
	if o := succeed(t, mlp, "-data", dir, "-augment", "affine", "-augment-sheet", "sheet.png"); o.stdout != "" || o.stderr != "sheet.png has images as training would see them, a row a class\n" {
		t.Errorf("stdout %q, stderr %q", o.stdout, o.stderr)
	}
	f, err := os.Open("sheet.png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	const cell = 8*sheetZoom + sheetGap
	if b := picture.Bounds(); b.Dx() != 13*cell+sheetGap || b.Dy() != 3*cell+sheetGap {
		t.Errorf("the sheet has %v, expected 13 images of each of 3 classes", b)
	}
	same := 0 // dots of the third class's original that its first view has too
	for y := range 8 * sheetZoom {
		for x := range 8 * sheetZoom {
			if picture.At(sheetGap+x, sheetGap+2*cell+y) == picture.At(sheetGap+cell+x, sheetGap+2*cell+y) {
				same++
			}
		}
	}
	if same > 8*8*sheetZoom*sheetZoom/2 {
		t.Errorf("%d dots of a view are those of the original", same)
	}
	o := succeed(t, mlp, "-data", dir, "-augment", "affine", "-augment-sheet", "b.png", "-summary", "-graph", "b.dot")
	if !strings.Contains(o.stdout, "Total params") || names(t, ".") != "b.dot b.png sheet.png" {
		t.Errorf("with -summary and -graph: %q, left %s", o.stdout, names(t, "."))
	}
}

// TestWatchedRunDrawsNoSheet: it trains, where the command would draw and stop.
func TestWatchedRunDrawsNoSheet(t *testing.T) {
	t.Chdir(t.TempDir())
	err := Watched{Program: mlp, Args: []string{"-augment", "affine", "-augment-sheet", "sheet.png"}}.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "-augment-sheet are for the command alone") {
		t.Error(err)
	}
}
