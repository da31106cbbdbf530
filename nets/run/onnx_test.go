package run_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"testing"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/pythontest"
	"stheno/nets/run"
	"stheno/nets/train"
)

// ask runs a model by onnxruntime, in batches of several sizes; its scores are
// those of each size, one after the other.
func ask(t *testing.T, python, model string, images []float32, batches ...int) []float32 {
	t.Helper()
	args := []string{filepath.Join("testdata", "run_onnx.py"), model}
	for _, batch := range batches {
		args = append(args, fmt.Sprint(batch))
	}
	var in, out, said bytes.Buffer
	if err := binary.Write(&in, binary.LittleEndian, images); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("onnxruntime: %v: %s", err, said.String())
	}
	scores := make([]float32, out.Len()/4)
	if err := binary.Read(&out, binary.LittleEndian, scores); err != nil {
		t.Fatal(err)
	}
	return scores
}

// farthest is the largest difference between two lists.
func farthest(a, b []float32) (far float64) {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	for i := range a {
		if d := math.Abs(float64(a[i]) - float64(b[i])); !(d <= far) { // NaN too
			far = d
		}
	}
	return far
}

// TestONNXRuntimeAgrees holds the ONNX files of both networks, untrained and
// after some steps, to what this package's own prediction says of 1,000 test
// images.
func TestONNXRuntimeAgrees(t *testing.T) {
	interpreter := pythontest.Need(t, "numpy", "onnxruntime")
	set, err := mnist()
	if err != nil {
		t.Fatal(err)
	}
	test := &data.Set{Pixels: set.Test.Pixels[:1000*28*28], Labels: set.Test.Labels[:1000], Height: 28, Width: 28, Channels: 1}
	images, labels := make([]float32, 1000*28*28), make([]int, 1000)
	for b := range test.Batches(1000, nil) {
		data.Decode(b, images, labels)
	}
	for _, net := range []nets.Network{nets.MLP([3]int{28, 28, 1}, 10), nets.CNN([3]int{28, 28, 1}, 10)} {
		m := newModel(t, net, tensor.Float32)
		for _, steps := range []int{0, 10} {
			if steps > 0 {
				plan := train.Plan{Epochs: 1, Batch: 64, Steps: steps}
				if _, err := train.Fit(t.Context(), m, set.Train, train.NewAdam(0.001), plan); err != nil {
					t.Fatal(err)
				}
			}
			folder := run.Folder(t.TempDir())
			if err := folder.WriteONNX(m, run.Config{}); err != nil {
				t.Fatal(err)
			}
			want, err := nets.NewPredictor(m).Predict(images)
			if err != nil {
				t.Fatal(err)
			}
			got := ask(t, interpreter, folder.File(run.ONNXFile), images, 1, 256)
			if len(got) != 4*len(want.Logits) {
				t.Fatalf("%s: onnxruntime gives %d scores", net.Name, len(got))
			}
			n := len(want.Logits)
			for i, batch := range []int{1, 256} {
				got := got[2*i*n : 2*(i+1)*n]
				logits, probabilities := farthest(got[:n], want.Logits), farthest(got[n:], want.Probabilities)
				t.Logf("%s after %d steps, batch %d: logits differ by %.2g, probabilities by %.2g", net.Name, steps, batch, logits, probabilities)
				if !(probabilities <= 1e-5) || !(logits <= 1e-4) {
					t.Errorf("%s after %d steps, batch %d: logits differ by %g, probabilities by %g", net.Name, steps, batch, logits, probabilities)
				}
			}
		}
	}
}
