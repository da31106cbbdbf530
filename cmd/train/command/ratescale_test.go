package command

import (
	"path/filepath"
	"strings"
	"testing"

	"stheno/cmd/internal/shell"
	"stheno/nets/run"
)

// TestScaledRateInARun: a run with -lr-scale is that with the rate which comes of
// it; its files have both rates, and a resume goes on with them.
func TestScaledRateInARun(t *testing.T) {
	dir, parent := small(t), t.TempDir()
	plain, scaled := filepath.Join(parent, "plain"), filepath.Join(parent, "scaled")
	args := []string{"-data", dir, "-epochs", "1", "-batch", "8", "-schedule", "warmup:2,cosine"}
	succeed(t, mlp, append(args, "-lr", "0.001", "-out", plain)...)
	o := succeed(t, mlp, append(args, "-lr", "0.004", "-lr-scale", "sqrt", "-steps", "2", "-out", scaled)...)
	if !strings.Contains(o.stderr, "learning rate 0.001 (sqrt scale: 0.004 at batch 128)") {
		t.Errorf("stderr does not tell the rate: %s", o.stderr)
	}
	c, err := run.Folder(scaled).ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	if s := c.Settings; s.RateScale != "sqrt" || s.LearningRate != 0.004 || adamOf(t, c).Rate != 0.001 {
		t.Errorf("config.json: %+v", c)
	}
	for _, flags := range []string{"-lr-scale linear", "-lr-scale none", "-lr 0.001"} {
		if o := command(t, mlp, append([]string{"-resume", scaled}, strings.Fields(flags)...)...); o.code != shell.Wrong || !strings.Contains(o.stderr, flags+": the run has -lr") {
			t.Errorf("%s on resume: exit code %d, %s", flags, o.code, o.stderr)
		}
	}
	succeed(t, mlp, "-resume", scaled, "-lr-scale", "sqrt", "-steps", "0")
	for _, name := range []string{"model.safetensors", "steps.csv"} {
		if read(t, plain, name) != read(t, scaled, name) {
			t.Errorf("%s is another one than that of the same rate", name)
		}
	}
}

// TestNoScaleIsNotWritten, and may be asked for of a run from before there was one.
func TestNoScaleIsNotWritten(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	succeed(t, mlp, "-data", small(t), "-epochs", "1", "-batch", "7", "-lr-scale", "none", "-out", out)
	if strings.Contains(read(t, out, "config.json"), "lr_scale") {
		t.Error("config.json has a scale that is none")
	}
	succeed(t, mlp, "-resume", out, "-lr-scale", "none")
}
