package command_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"stheno/cmd/internal/commandtest"
	"stheno/nets"
	"stheno/nets/pythontest"
)

// kerasModels is what testdata/keras_models.py writes.
type kerasModels struct {
	Images []float32
	Models []struct {
		Name, Network string
		Probabilities []float32
	}
}

// TestExportOfKerasModels has Keras save models of many kinds: each is exported as
// what says of images what Keras says, or refused in one line.
func TestExportOfKerasModels(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if out, err := exec.Command(pythontest.Need(t, "keras", "tensorflow"), filepath.Join("testdata", "keras_models.py"), dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var keras kerasModels
	if err := json.Unmarshal([]byte(commandtest.Read(t, dir, "models.json")), &keras); err != nil {
		t.Fatal(err)
	}
	for i, m := range keras.Models {
		path := filepath.Join(dir, fmt.Sprintf("%d.keras", i))
		o := exported("-model", path, "-net", m.Network, "-image", "6x6")
		if strings.HasPrefix(m.Name, "refused") {
			if o.code != 1 || strings.Count(o.stderr, "\n") != 1 || !strings.Contains(o.stderr, path) {
				t.Errorf("%s: exit code %d, %q", m.Name, o.code, o.stderr)
			}
			continue
		}
		if o.code != 0 {
			t.Errorf("%s: exit code %d, %q", m.Name, o.code, o.stderr)
			continue
		}
		if far := farFromKeras(t, path, m.Network, keras.Images, m.Probabilities); !(far <= 1e-5) {
			t.Errorf("%s: off by %g", m.Name, far)
		}
	}
	if len(keras.Models) < 40 {
		t.Errorf("there are %d models", len(keras.Models))
	}
}

// farFromKeras is the largest difference between Keras's probabilities and those
// of the model that export writes.
func farFromKeras(t *testing.T, path, network string, images, want []float32) (far float64) {
	t.Helper()
	file, err := nets.ReadWeightFile(path)
	if err != nil {
		t.Fatal(err)
	}
	net, err := file.Network(network, 6, 6)
	if err != nil {
		t.Fatal(err)
	}
	m, err := file.Model(net, file.Dtype())
	if err != nil {
		t.Fatal(err)
	}
	got, err := nets.NewPredictor(m).Predict(images)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Probabilities) != len(want) {
		return math.Inf(1)
	}
	for i, p := range got.Probabilities {
		far = math.Max(far, math.Abs(float64(p-want[i])))
	}
	return far
}
