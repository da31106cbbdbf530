package nets

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"stheno/nets/keras"
	"stheno/nets/safetensors"
)

// dtypes are safetensors's names of a model's element types.
var dtypes = map[tensor.Dtype]string{tensor.Float32: "F32", tensor.Float64: "F64"}

// ownFormat is what our files say of themselves in their metadata.
const ownFormat = "stheno"

// WriteWeights writes the model's weights as safetensors, in the layers'
// order. The same weights give the same bytes.
func (m *Model) WriteWeights(w io.Writer) error {
	tensors := make([]safetensors.Tensor, len(m.Weights))
	for i, weight := range m.Weights {
		data := make([]byte, weight.Value.MemSize())
		if m.dtype == tensor.Float64 {
			safetensors.Put(data, weight.Value.Float64s())
		} else {
			safetensors.Put(data, weight.Value.Float32s())
		}
		tensors[i] = safetensors.Tensor{Name: weight.Name, DType: dtypes[m.dtype], Shape: weight.Value.Shape(), Data: data}
	}
	return safetensors.Write(w, tensors, map[string]string{"format": ownFormat, "network": m.Name})
}

// ReadWeights reads a safetensors file, or a model.keras that Keras 3 has saved,
// into the model. The file must have exactly the model's weights, by name, shape
// and element type (a float64 model also takes float32), or be from Keras or
// PyTorch and have the shapes of its layers; otherwise the model stays as it was.
//
// In Keras a safetensors file is written by
//
//	from safetensors.numpy import save_file
//	save_file({v.path: keras.ops.convert_to_numpy(v) for v in model.weights}, "model.safetensors")
//
// and in PyTorch by
//
//	from safetensors.torch import save_file
//	save_file(model.state_dict(), "model.safetensors")
func (m *Model) ReadWeights(path string) error {
	tensors, metadata, err := ReadTensors(path)
	if err != nil {
		return fmt.Errorf("nets: %w", err)
	}
	if err := m.take(tensors, metadata); err != nil {
		return fmt.Errorf("nets: %s: %w", path, err)
	}
	return nil
}

// take makes the tensors of a file the model's weights.
func (m *Model) take(tensors []safetensors.Tensor, metadata map[string]string) error {
	tensors, err := m.translate(tensors, metadata)
	if err != nil {
		return err
	}
	return m.SetWeights(tensors)
}

// ReadTensors reads all weights of a file that [Model.ReadWeights] takes, under
// the file's own names. Only a safetensors file has metadata.
func ReadTensors(path string) (tensors []safetensors.Tensor, metadata map[string]string, err error) {
	if keras.Is(path) {
		tensors, err = keras.ReadFile(path)
		return tensors, nil, err
	}
	return safetensors.ReadFile(path)
}

// SetWeights is ReadWeights with tensors that were read already, under the
// model's own names only.
func (m *Model) SetWeights(tensors []safetensors.Tensor) error {
	byName := make(map[string]safetensors.Tensor, len(tensors))
	for _, t := range tensors {
		byName[t.Name] = t
	}
	for _, w := range m.Weights {
		if err := m.fits(w, byName); err != nil {
			return err
		}
		delete(byName, w.Name)
	}
	for _, t := range tensors {
		if _, left := byName[t.Name]; left {
			return fmt.Errorf("tensor %q is none of the %s's weights, which are %s", t.Name, m.Name, m.weightNames())
		}
	}
	for _, t := range tensors {
		i := slices.IndexFunc(m.Weights, func(w Weight) bool { return w.Name == t.Name })
		m.set(m.Weights[i].Value, t)
	}
	return nil
}

// fits says what keeps the file's tensor from being the weight w.
func (m *Model) fits(w Weight, byName map[string]safetensors.Tensor) error {
	t, ok := byName[w.Name]
	switch {
	case !ok:
		return fmt.Errorf("tensor %q is missing; the %s's weights are %s", w.Name, m.Name, m.weightNames())
	case !slices.Equal(t.Shape, w.Value.Shape()):
		return shapeError(t, m.Name, w.Value.Shape())
	case !m.takes(t.DType):
		return fmt.Errorf("tensor %q has element type %s, the %s's has %s", t.Name, t.DType, m.Name, dtypes[m.dtype])
	}
	return nil
}

// takes says whether a file's element type can become the model's.
func (m *Model) takes(dtype string) bool {
	return dtype == dtypes[m.dtype] || dtype == "F32" && m.dtype == tensor.Float64
}

// set copies a tensor of the right shape into a weight.
func (m *Model) set(w *tensor.Dense, t safetensors.Tensor) {
	switch {
	case m.dtype == tensor.Float32:
		safetensors.Get(w.Float32s(), t.Data)
	case t.DType == "F64":
		safetensors.Get(w.Float64s(), t.Data)
	default:
		narrow := make([]float32, w.Shape().TotalSize())
		safetensors.Get(narrow, t.Data)
		for i, v := range narrow {
			w.Float64s()[i] = float64(v)
		}
	}
}

func (m *Model) weightNames() string {
	names := make([]string, len(m.Weights))
	for i, w := range m.Weights {
		names[i] = w.Name
	}
	return strings.Join(names, ", ")
}
