package everylayer

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/onnx"
	"stheno/nets/pythontest"
)

// logits has onnxruntime say what the models in a folder, by their numbers, make of the
// images there, together and of the first alone.
const logits = `
import sys, numpy as np, onnxruntime as ort
options = ort.SessionOptions(); options.log_severity_level = 3; options.intra_op_num_threads = 1
folder = sys.argv[1]
for i in range(int(sys.argv[2])):
    session = ort.InferenceSession(f"{folder}/{i}.onnx", options, providers=["CPUExecutionProvider"])
    images = np.fromfile(folder + "/images", "<f4").reshape(-1, *session.get_inputs()[0].shape[1:])
    for batch in (images, images[:1]):
        sys.stdout.buffer.write(session.run(["logits"], {"image": batch})[0].astype("<f4").tobytes())
`

// TestONNXRuntime holds what onnxruntime makes of each layer to what prediction says.
func TestONNXRuntime(t *testing.T) {
	python := pythontest.Need(t, "numpy", "onnxruntime")
	folder, x := t.TempDir(), data.Scaled[float32](images(t, 7).Pixels)
	raw, err := binary.Append(nil, binary.LittleEndian, x)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "images"), raw, 0o666); err != nil {
		t.Fatal(err)
	}
	var walked []place
	var want [][]float32
	walk(t, false, func(t *testing.T, p place) {
		m := p.model(t, tensor.Float32)
		var file bytes.Buffer
		if err := onnx.Write(&file, m, nil); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.onnx", len(walked))), file.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := nets.NewPredictor(m).Predict(x)
		if err != nil {
			t.Fatal(err)
		}
		walked, want = append(walked, p), append(want, append(s.Logits, s.Logits[:classes]...))
	})
	cmd := exec.Command(python, "-c", logits, folder, fmt.Sprint(len(walked)))
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("onnxruntime: %v: %s", err, said.String())
	}
	for i, p := range walked {
		got := make([]float32, len(want[i]))
		n, err := binary.Decode(out, binary.LittleEndian, got)
		if err != nil {
			t.Fatal(err)
		}
		out = out[n:]
		for j, v := range want[i] {
			if d := math.Abs(float64(got[j] - v)); !(d <= 1e-5*max(1, math.Abs(float64(v)))) {
				t.Errorf("%s: logit %d is %v, onnxruntime's %v: %#v", p.class, j, v, got[j], p.layer(p.net))
				break
			}
		}
	}
}
