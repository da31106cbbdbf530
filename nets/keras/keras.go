// Package keras reads the weights of the model files that Keras 3 saves with
// model.save("model.keras"): zip archives of metadata.json, config.json and
// model.weights.h5, of which the last is an HDF5 file with
//
//	layers/LAYER/vars/0   a layer's kernel
//	layers/LAYER/vars/1   its bias
//
// and what the optimizer remembers, which is passed over. LAYER is the layer's
// class in snake case, with a number for the second and later ones of the class,
// in the model's order.
//
// Promises. Any bytes at all are safe to read: no panic, and memory in proportion
// to the archive's size, whatever it claims; see [Read]. What is unpacked is
// held against the archive's CRC-32, so a flipped bit in the weights is an error.
// No code of the file is run.
package keras

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"stheno/nets/hdf5"
	"stheno/nets/safetensors"
)

// Is says whether a file is to be read as Keras's: by its name, which ends in
// .keras, or because it is a zip archive or HDF5. A file that cannot be read is
// judged by its name.
func Is(path string) bool {
	if filepath.Ext(path) == ".keras" {
		return true
	}
	// Asked before opening: a named pipe without a writer would block the opening.
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [8]byte
	n, _ := f.Read(head[:])
	return bytes.HasPrefix(head[:n], []byte("PK\x03\x04")) || hdf5.Is(head[:n])
}

// ReadFile is [Read] on a regular file, whose path its errors name.
func ReadFile(path string) ([]safetensors.Tensor, error) {
	info, err := os.Stat(path) // before opening, see Is
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
	tensors, err := read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("keras: %s: %w", path, err)
	}
	return tensors, nil
}

// Read reads the kernels and biases of a model file of size bytes, under the
// names that Keras gives them: layers/conv2d/kernel, layers/conv2d/bias,
// layers/dense_1/kernel. They are in the order of the layers' names. Every error
// begins with "keras: ". A model is refused whose config.json has pooling, images
// in the order channels_first or an activation other than relu, softmax and
// linear: its weights might fit and mean something else.
//
// An archive may be compressed, though Keras's are not, and unpack to 64 MiB and
// four times its own size, at most 2 GiB.
func Read(file io.ReaderAt, size int64) ([]safetensors.Tensor, error) {
	tensors, err := read(file, size)
	if err != nil {
		return nil, fmt.Errorf("keras: %w", err)
	}
	return tensors, nil
}

func read(f io.ReaderAt, size int64) ([]safetensors.Tensor, error) {
	archive, err := open(f, size)
	if err != nil {
		return nil, err
	}
	config, err := unpack(archive, configFile, mostConfig)
	if err != nil {
		return nil, err
	}
	if err := check(config); err != nil {
		return nil, fmt.Errorf("%s: %w", configFile, err)
	}
	file, err := unpack(archive, weightsFile, min(mostWeights, 64<<20+4*size))
	if err != nil {
		return nil, err
	}
	datasets, err := hdf5.Read(file, "layers")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", weightsFile, err)
	}
	var tensors []safetensors.Tensor
	for _, d := range datasets {
		name, err := nameOf(d.Path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", weightsFile, err)
		}
		tensors = append(tensors, safetensors.Tensor{Name: name, DType: d.DType, Shape: d.Shape, Data: d.Data})
	}
	if len(tensors) == 0 {
		return nil, fmt.Errorf("%s: found no layer with weights, expected layers/LAYER/vars/0 and 1: was the model built before it was saved?", weightsFile)
	}
	return tensors, nil
}

// nameOf turns layers/dense/vars/0 into layers/dense/kernel.
func nameOf(path string) (string, error) {
	layer, index, ok := strings.Cut(path, "/vars/")
	if !ok {
		return "", fmt.Errorf("found %q, expected layers/LAYER/vars/NUMBER", path)
	}
	names := []string{"kernel", "bias"}
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= len(names) {
		return "", fmt.Errorf("found %q, expected a kernel, vars/0, and a bias, vars/1, alone: a layer of this kind has no counterpart", path)
	}
	return layer + "/" + names[i], nil
}
