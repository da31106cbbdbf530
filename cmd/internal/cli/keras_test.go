package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"stheno/nets"
)

// python finds an interpreter with Keras: $STHENO_PYTHON or python3.
func python(t *testing.T) string {
	t.Helper()
	name, chosen := os.LookupEnv("STHENO_PYTHON")
	if !chosen {
		name = "python3"
	}
	out, err := exec.Command(name, "-c", "import importlib.util as u; assert u.find_spec('keras') and u.find_spec('tensorflow')").CombinedOutput()
	switch {
	case err != nil && chosen:
		t.Fatalf("STHENO_PYTHON is %s: %v: %s", name, err, out)
	case err != nil:
		t.Skip("python3 has no Keras: python3 -m venv VENV && VENV/bin/pip install keras tensorflow-cpu, then set STHENO_PYTHON=VENV/bin/python")
	}
	return name
}

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
	if out, err := exec.Command(python(t), filepath.Join("testdata", "keras_models.py"), dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var keras kerasModels
	if err := json.Unmarshal([]byte(read(t, dir, "models.json")), &keras); err != nil {
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
