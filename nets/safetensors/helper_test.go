package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"stheno/nets/safetensors"
)

// file puts a header in front of a body, as a file would have them.
func file(header string, body ...byte) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), body...)
}

func read(data []byte) ([]safetensors.Tensor, map[string]string, error) {
	return safetensors.Read(bytes.NewReader(data), int64(len(data)))
}

func write(t testing.TB, tensors []safetensors.Tensor, metadata map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := safetensors.Write(&out, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func f32(name string, shape []int, values ...float32) safetensors.Tensor {
	data := make([]byte, 4*len(values))
	safetensors.Put(data, values)
	return safetensors.Tensor{Name: name, DType: "F32", Shape: shape, Data: data}
}

func f64(name string, shape []int, values ...float64) safetensors.Tensor {
	data := make([]byte, 8*len(values))
	safetensors.Put(data, values)
	return safetensors.Tensor{Name: name, DType: "F64", Shape: shape, Data: data}
}

// sample is a small file with all that is awkward: names to escape, an order that is
// neither alphabetical nor by type, a scalar, a tensor without elements, and NaNs.
func sample() ([]safetensors.Tensor, map[string]string) {
	return []safetensors.Tensor{
		f32("dense.kernel", []int{2, 3}, 1, -2, float32(math.NaN()), 0, float32(math.Copysign(0, -1)), math.MaxFloat32),
		f32("conv2d.bias", []int{1}, math.SmallestNonzeroFloat32),
		f64("a \"quoted\"\n<ü>\u2028", []int{}, math.Inf(-1)),
		f32("nothing", []int{0, 7}),
		{Name: "bytes", DType: "U8", Shape: []int{5}, Data: []byte("12345")},
	}, map[string]string{"format": "pt", "a<b": "line\nline", "": "empty key"}
}
