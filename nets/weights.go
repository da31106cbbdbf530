package nets

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"gorgonia.org/tensor"

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

// ReadWeights reads a file of weights into the model: [ReadWeightFile] and
// [Model.Take]. If it fails the model stays as it was.
func (m *Model) ReadWeights(path string) error {
	f, err := ReadWeightFile(path)
	if err != nil {
		return fmt.Errorf("nets: %w", err)
	}
	return m.Take(f)
}

// SetWeights is [Model.Take] of tensors under the model's own names.
func (m *Model) SetWeights(tensors []safetensors.Tensor) error {
	if err := m.check(tensors); err != nil {
		return err
	}
	m.assign(tensors)
	return nil
}

// assign sets all weights to tensors that were checked.
func (m *Model) assign(tensors []safetensors.Tensor) {
	for _, t := range tensors {
		i := slices.IndexFunc(m.Weights, func(w Weight) bool { return w.Name == t.Name })
		m.set(m.Weights[i].Value, t)
	}
}

// check says what keeps tensors from being exactly the model's weights, which
// need no memory yet.
func (m *Model) check(tensors []safetensors.Tensor) error {
	byName := make(map[string]safetensors.Tensor, len(tensors))
	for _, t := range tensors {
		byName[t.Name] = t
	}
	for _, w := range m.specs {
		if err := m.fits(w, byName); err != nil {
			return err
		}
		delete(byName, w.name)
	}
	for _, t := range tensors {
		if _, left := byName[t.Name]; left {
			return fmt.Errorf("tensor %q is none of the %s's weights, which are %s", t.Name, m.Name, m.weightNames())
		}
	}
	return nil
}

// fits says what keeps the file's tensor from being the weight w.
func (m *Model) fits(w spec, byName map[string]safetensors.Tensor) error {
	t, ok := byName[w.name]
	switch {
	case !ok:
		return fmt.Errorf("tensor %q is missing; the %s's weights are %s", w.name, m.Name, m.weightNames())
	case m.resized(w, t.Shape, w.shape) != "":
		return sizeErrorf("tensor %q has shape %v, the %s's has %v: it%s", t.Name, t.Shape, m.Name, []int(w.shape), m.resized(w, t.Shape, w.shape))
	case !slices.Equal(t.Shape, w.shape):
		return fmt.Errorf("tensor %q has shape %v, the %s's has %v", t.Name, t.Shape, m.Name, []int(w.shape))
	case !m.takes(t.DType):
		return m.otherType(t)
	case len(t.Data) != w.shape.TotalSize()*width(t.DType):
		return fmt.Errorf("tensor %q has %d bytes, %v of %s are %d", t.Name, len(t.Data), t.Shape, t.DType, w.shape.TotalSize()*width(t.DType))
	}
	if v, found := notFinite(t); found {
		return fmt.Errorf("tensor %q has a value that is %v: what trained it has diverged; take weights from before that", t.Name, v)
	}
	return nil
}

// otherType is the error of a tensor that takes refuses.
func (m *Model) otherType(t safetensors.Tensor) error {
	return fmt.Errorf("tensor %q has element type %s, the %s's has %s: convert the weights, and save them again", t.Name, t.DType, m.Name, dtypes[m.dtype])
}

// width is how many bytes a number of F32 or F64 takes.
func width(dtype string) int {
	if dtype == dtypes[tensor.Float64] {
		return 8
	}
	return 4
}

// notFinite finds a NaN or an infinity in a tensor of F32 or F64: its exponent is
// all ones.
func notFinite(t safetensors.Tensor) (v float64, found bool) {
	const f32, f64 = 0x7f80 << 16, 0x7ff0 << 48
	for data := t.Data; len(data) > 0; data = data[width(t.DType):] {
		if width(t.DType) == 8 {
			if bits := binary.LittleEndian.Uint64(data); bits&f64 == f64 {
				return math.Float64frombits(bits), true
			}
		} else if bits := binary.LittleEndian.Uint32(data); bits&f32 == f32 {
			return float64(math.Float32frombits(bits)), true
		}
	}
	return 0, false
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
	names := make([]string, len(m.specs))
	for i, s := range m.specs {
		names[i] = s.name
	}
	return strings.Join(names, ", ")
}
