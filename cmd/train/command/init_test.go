package command

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/cmd/internal/commandtest"
	"stheno/nets"
)

// TestInitSaysWhatIsAssumed: a run that begins with weights from elsewhere says what
// their file does not.
func TestInitSaysWhatIsAssumed(t *testing.T) {
	dir := t.TempDir()
	m, err := nets.New(nets.MLP([3]int{8, 8, 1}, 3), tensor.Float32, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := filepath.Join(dir, "ours.safetensors"), filepath.Join(dir, "theirs.safetensors")
	commandtest.AsPyTorch(t, theirs, m)
	writeModel(t, ours, m.Network)
	data, said := small(t), "-init: "+theirs+" says nothing of activations, and of layers without weights: they are taken to be the mlp's\n"
	for file, want := range map[string]bool{ours: false, theirs: true} {
		o := succeed(t, mlp, "-data", data, "-epochs", "1", "-steps", "1", "-out", filepath.Join(t.TempDir(), "run"), "-init", file)
		if got := strings.Contains(o.stderr, said); got != want {
			t.Errorf("%s: %v, stderr %q", file, got, o.stderr)
		}
	}
}
