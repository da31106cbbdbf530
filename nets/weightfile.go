package nets

import (
	"errors"
	"fmt"

	"gorgonia.org/tensor"

	"stheno/nets/filekind"
	"stheno/nets/keras"
	"stheno/nets/safetensors"
)

// WeightFile is a file of weights that has been read and is no model's yet.
type WeightFile struct {
	Path     string
	Tensors  []safetensors.Tensor // of a safetensors file, under its own names
	Metadata map[string]string    // of a safetensors file
	Keras    *keras.Model         // of a model.keras; else nil
}

// ReadWeightFile reads a safetensors file, or a model.keras that Keras 3 has
// saved. Of a file of another kind the error says what it is and what to do.
//
// In Keras a safetensors file is written by
//
//	from safetensors.numpy import save_file
//	save_file({f"{i}.{v.name}": np.ascontiguousarray(v) for i, l in enumerate(model.layers) for v in l.weights}, "model.safetensors")
//
// and in PyTorch, whose modules count in the order in which they were made, by
//
//	from safetensors.torch import save_file
//	layers = [m for m in model.modules() if hasattr(m, "weight")]
//	save_file({f"{i}.{k}": v.contiguous() for i, m in enumerate(layers) for k, v in m.state_dict().items()}, "model.safetensors")
func ReadWeightFile(path string) (*WeightFile, error) {
	kind, err := filekind.Of(path)
	if err != nil {
		return nil, err
	}
	f := &WeightFile{Path: path}
	if kind == filekind.Keras {
		f.Keras, err = keras.ReadFile(path)
	} else {
		f.Tensors, f.Metadata, err = safetensors.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Take takes a file's weights, or leaves the model as it was. A safetensors file
// must have exactly the model's weights, by name, shape and element type (a
// float64 model also takes float32), or be from Keras or PyTorch and have the
// shapes of its layers; such a file says nothing of activations and of layers
// without weights. A model.keras must be the model's network, layer by layer.
func (m *Model) Take(f *WeightFile) error {
	if f == nil {
		return errors.New("nets: there is no file of weights: it is nil")
	}
	tensors, err := f.checked(m)
	if err != nil {
		return fmt.Errorf("nets: %s: %w", f.Path, err)
	}
	m.assign(tensors)
	return nil
}

// Assumed says what a network has that the file does not speak of: of safetensors
// from elsewhere, which are nothing but weights. Else it is empty.
func (f *WeightFile) Assumed(network string) string {
	if f.Keras != nil || f.Metadata["format"] == ownFormat {
		return ""
	}
	return fmt.Sprintf("%s says nothing of activations, and of layers without weights: they are taken to be the %s's", f.Path, network)
}

// Model makes a model of a network with the file's weights. They are held against
// the network's before memory is taken for them, so that a network on paper, which
// anybody can write, costs no more than a file that is there.
func (f *WeightFile) Model(net Network, dt tensor.Dtype) (*Model, error) {
	m, _, err := declared(net, dt)
	if err != nil {
		return nil, err
	}
	tensors, err := f.checked(m)
	if err != nil {
		return nil, fmt.Errorf("nets: %s: %w", f.Path, err)
	}
	return m.with(tensors), nil
}

// checked are the file's tensors as a model's weights, which they fit.
func (f *WeightFile) checked(m *Model) (tensors []safetensors.Tensor, err error) {
	if f.Keras != nil {
		tensors, err = m.fromKeras(f.Keras)
	} else {
		tensors, err = m.translate(f.Tensors, f.Metadata)
	}
	if err == nil {
		err = m.check(tensors)
	}
	return tensors, err
}
