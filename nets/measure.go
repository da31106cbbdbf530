package nets

import (
	"cmp"
	"fmt"
	"strings"

	"gorgonia.org/tensor"

	"stheno/nets/safetensors"
)

// Network is the network of a name, for images of a height and width, with the
// channels and classes that the file's kernels speak of.
func (f *WeightFile) Network(name string, height, width int) (Network, error) {
	net, err := f.sized(name, height, width)
	if err != nil {
		return net, fmt.Errorf("nets: %s: %w", f.Path, err)
	}
	return net, nil
}

// Dtype is the element type of the file's weights: float64 if there is one such,
// else float32.
func (f *WeightFile) Dtype() tensor.Dtype {
	tensors := f.Tensors
	if f.Keras != nil {
		for _, l := range f.Keras.Layers {
			tensors = append(tensors, l.Kernel)
		}
	}
	for _, t := range tensors {
		if t.DType == dtypes[tensor.Float64] {
			return tensor.Float64
		}
	}
	return tensor.Float32
}

// sized makes the network with the channels and classes that the file speaks of.
func (f *WeightFile) sized(name string, height, width int) (Network, error) {
	net, err := Named(name, [3]int{}, 0)
	if err != nil {
		return net, err
	}
	if k := f.Keras; k != nil {
		return Named(name, [3]int{height, width, k.Input[2]}, k.Layers[len(k.Layers)-1].Units)
	}
	channels, units := 0, []int(nil)
	for _, l := range net.Layers {
		switch l := l.(type) {
		case Conv2D:
			if channels == 0 {
				channels, _, err = find(f.Tensors, 4, 0, l.Filters)
			}
		case Dense:
			units = append(units, l.Units)
		}
	}
	inputs, _, first := find(f.Tensors, 2, 0, units[0])
	_, classes, last := find(f.Tensors, 2, units[len(units)-2], 0)
	if err := cmp.Or(err, first, last); err != nil {
		return net, fmt.Errorf("is no %s: %w", name, err)
	}
	if channels == 0 {
		if channels = inputs / (height * width); channels*height*width != inputs || channels != 1 && channels != 3 {
			return net, sizeErrorf("its first dense layer has %d inputs, which are no images of %d x %d, grey (%d) or in colour (%d)", inputs, height, width, height*width, 3*height*width)
		}
	}
	return Named(name, [3]int{height, width, channels}, classes)
}

// find finds the kernel of so many dimensions, inputs and outputs; 0 is any
// number.
func find(tensors []safetensors.Tensor, dims, in, out int) (inputs, outputs int, err error) {
	for _, t := range tensors {
		if len(t.Shape) != dims {
			continue
		}
		inputs, outputs = t.Shape[dims-2], t.Shape[dims-1]
		if strings.HasSuffix(t.Name, pyTorch.kernel) {
			inputs, outputs = t.Shape[1], t.Shape[0]
		}
		if (in == 0 || in == inputs) && (out == 0 || out == outputs) {
			return inputs, outputs, nil
		}
	}
	return 0, 0, fmt.Errorf("no kernel of %d dimensions has %s", dims, strings.TrimSpace(count(in, "inputs ")+count(out, "outputs")))
}

func count(n int, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s", n, what)
}
