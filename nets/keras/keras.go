// Package keras reads the model files that Keras 3 saves with
// model.save("model.keras"): zip archives of metadata.json, config.json and
// model.weights.h5, of which the last is an HDF5 file with
//
//	layers/LAYER/vars/0   a layer's kernel
//	layers/LAYER/vars/1   its bias
//
// and what the optimizer remembers, which is left alone. LAYER is the layer's
// class in snake case, with a number for the second and later ones of the class,
// in the model's order; the user's names for layers are not in it.
//
// What config.json says is either understood or refused. Understood are chains,
// Sequential or Functional, of Conv2D (square kernels, stride 1, padding valid),
// Flatten, Dense, relu and softmax, as an activation or a layer, and of layers
// that change nothing in prediction: dropout, noise, augmentation. Any other
// class, setting or way of calling a layer is an error that names it: the weights
// might fit and mean something else.
//
// A network on paper, which will be trained, is read from a config alone and written
// to one: [ParseNetwork] and [Network.MarshalJSON]. There what matters in training
// is understood or refused, too.
//
// Promises. Any bytes at all are safe to read: no panic, and memory in proportion
// to the archive's size, whatever it claims; see [Read]. What is unpacked is
// held against the archive's CRC-32, so a flipped bit in the weights is an error.
// No code of the file is run.
package keras

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"stheno/nets/hdf5"
	"stheno/nets/safetensors"
)

// Model is what a file computes: the layers, one after the other, on images whose
// pixels are from 0 to 1. The last one has the model's one softmax.
type Model struct {
	Input  [3]int // height, width and channels of an image
	Layers []Layer
}

// Layer is a step that computes something: Conv2D, Flatten or Dense.
type Layer struct {
	Class      string
	Name       string             // the user's, for messages
	Units      int                // outputs of Dense, filters of Conv2D
	Side       int                // of Conv2D's kernel
	Activation string             // relu, linear or softmax; of Flatten empty
	Kernel     safetensors.Tensor // (side,side,in,filters) or (in,units), float32 or float64
	Bias       safetensors.Tensor // (filters) or (units)

	group string // where its weights lie in the file
	shape []int  // of its kernel; nil without weights
}

// ReadFile is [Read] on a regular file, whose path its errors name.
func ReadFile(path string) (*Model, error) {
	// Asked before opening: a named pipe without a writer would block the opening.
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("keras: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("keras: %s: found a folder, device, pipe or socket, expected a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("keras: %w", err)
	}
	defer f.Close()
	model, err := read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("keras: %s: %w", path, err)
	}
	return model, nil
}

// Read reads a model file of size bytes: what it computes, with kernels and
// biases. Every error begins with "keras: ".
//
// An archive may be compressed, though Keras's are not, and unpack to 64 MiB and
// four times its own size, at most 2 GiB.
func Read(file io.ReaderAt, size int64) (*Model, error) {
	model, err := read(file, size)
	if err != nil {
		return nil, fmt.Errorf("keras: %w", err)
	}
	return model, nil
}

func read(f io.ReaderAt, size int64) (*Model, error) {
	archive, err := open(f, size)
	if err != nil {
		return nil, err
	}
	if err := checkVersion(archive); err != nil {
		return nil, err
	}
	config, err := unpack(archive, configFile, mostConfig)
	if err != nil {
		return nil, err
	}
	file, err := unpack(archive, weightsFile, min(mostWeights, 64<<20+4*size))
	if err != nil {
		return nil, err
	}
	model, dtype, rest, err := parse(config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", configFile, err)
	}
	datasets, err := hdf5.Read(file, "layers")
	if err == nil {
		err = model.take(datasets, dtype, rest)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", weightsFile, err)
	}
	return model, nil
}

// parse reads config.json: what the model computes, in which element type, and
// the groups of the layers that change nothing.
func parse(config []byte) (*Model, string, map[string]bool, error) {
	m, err := parseModel(config, false)
	if err != nil {
		return nil, "", nil, err
	}
	var w walk
	model, err := w.understand(m)
	if err != nil {
		return nil, "", nil, err
	}
	rest := make(map[string]bool)
	for _, l := range m.layers {
		if rules[l.class].idle {
			rest["layers/"+l.group] = true
		}
	}
	return model, string(w.dtype), rest, nil
}

// take gives each layer its kernel and bias out of its group. Nothing may be
// left but in the rest, where older Keras keeps the state of random numbers.
func (m *Model) take(datasets []hdf5.Dataset, dtype string, rest map[string]bool) error {
	byPath := make(map[string]hdf5.Dataset, len(datasets))
	for _, d := range datasets {
		byPath[d.Path] = d
	}
	for i := range m.Layers {
		l := &m.Layers[i]
		if l.shape == nil {
			continue
		}
		for index, into := range []*safetensors.Tensor{&l.Kernel, &l.Bias} {
			shape := [][]int{l.shape, l.shape[len(l.shape)-1:]}[index]
			path := fmt.Sprintf("layers/%s/vars/%d", l.group, index)
			d, ok := byPath[path]
			switch {
			case !ok:
				return fmt.Errorf("found no %s, expected the weights of %s %.60q", path, l.Class, l.Name)
			case d.DType != dtype || !slices.Equal(d.Shape, shape):
				return fmt.Errorf("found %s to be %s %v, expected %s %v, of %s %.60q", path, d.DType, d.Shape, dtype, shape, l.Class, l.Name)
			}
			*into = safetensors.Tensor{Name: l.group + []string{".kernel", ".bias"}[index], DType: d.DType, Shape: d.Shape, Data: d.Data}
			delete(byPath, path)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(byPath)) {
		parts := strings.SplitN(path, "/", 3)
		if len(parts) < 3 || !rest[parts[0]+"/"+parts[1]] {
			return fmt.Errorf("found %.100q, which is no kernel or bias of a layer of %s", path, configFile)
		}
	}
	return nil
}
