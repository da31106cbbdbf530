package cli

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"stheno/nets"
	"stheno/nets/safetensors"
)

// measure makes the network of a name for the images and the classes that the
// shapes of its kernels speak of. Images are taken to be square, and gray where
// no convolution says otherwise.
func measure(name string, tensors []safetensors.Tensor) (nets.Network, error) {
	net, err := nets.Named(name, [3]int{}, 0)
	if err != nil {
		return net, err
	}
	var units []int
	channels, perPixel, shrink := 1, 1, 0
	for _, l := range net.Layers {
		switch l := l.(type) {
		case nets.Conv2D:
			if shrink == 0 {
				if channels, _, err = find(tensors, 4, 0, l.Filters); err != nil {
					return net, fmt.Errorf("is no %s: %w", name, err)
				}
			}
			perPixel, shrink = l.Filters, shrink+l.Side-1
		case nets.Dense:
			units = append(units, l.Units)
		}
	}
	inputs, _, first := find(tensors, 2, 0, units[0])
	_, classes, last := find(tensors, 2, units[len(units)-2], 0)
	if err := cmp.Or(first, last); err != nil {
		return net, fmt.Errorf("is no %s: %w", name, err)
	}
	side := int(math.Sqrt(float64(inputs / perPixel)))
	if side*side*perPixel != inputs {
		return net, fmt.Errorf("its first dense layer has %d inputs, which are no square images; export from its run folder, where config.json knows their size", inputs)
	}
	return nets.Named(name, [3]int{side + shrink, side + shrink, channels}, classes)
}

// find finds the kernel of so many dimensions, inputs and outputs; 0 is any
// number.
func find(tensors []safetensors.Tensor, dims, in, out int) (inputs, outputs int, err error) {
	for _, t := range tensors {
		if len(t.Shape) != dims {
			continue
		}
		inputs, outputs = t.Shape[dims-2], t.Shape[dims-1]
		if strings.HasSuffix(t.Name, "weight") { // PyTorch's
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
