package nets

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"

	"gorgonia.org/tensor"

	"stheno/nets/safetensors"
)

// Load makes a model of net with the weights of a file that [Model.ReadWeights]
// takes. The network's weights are held against the file's before memory is taken
// for them, so that a network on paper, which anybody can write, costs no more
// than a file that is there.
func Load(net Network, dt tensor.Dtype, path string) (*Model, error) {
	tensors, metadata, err := ReadTensors(path)
	if err != nil {
		return nil, fmt.Errorf("nets: %w", err)
	}
	m, err := blank(net, dt, tensors)
	if err == nil {
		err = m.take(tensors, metadata)
	}
	if err != nil {
		return nil, fmt.Errorf("nets: %s: %w", path, err)
	}
	return m, nil
}

// WithWeights is [Load] with tensors that were read already, under the model's own
// names only.
func WithWeights(net Network, dt tensor.Dtype, tensors []safetensors.Tensor) (*Model, error) {
	m, err := blank(net, dt, tensors)
	if err == nil {
		err = m.SetWeights(tensors)
	}
	return m, err
}

// blank is a model for tensors that are still to be set, all zero.
func blank(net Network, dt tensor.Dtype, tensors []safetensors.Tensor) (*Model, error) {
	m, specs, err := declared(net, dt)
	if err != nil {
		return nil, err
	}
	want, have := 0, 0
	for _, s := range specs {
		want += s.shape.TotalSize()
	}
	for _, t := range tensors {
		n, _ := elements(t.Shape) // the reader has seen that it is no larger than its bytes
		have += n
	}
	if want > have {
		for _, s := range specs {
			for _, t := range tensors {
				if t.Name == s.name && !slices.Equal(t.Shape, s.shape) {
					return nil, shapeError(t, m.Name, s.shape)
				}
			}
		}
		return nil, fmt.Errorf("has %d weights, the %s for %d x %d x %d images has %d", have, net.Name, net.Input[0], net.Input[1], net.Input[2], want)
	}
	m.allocate(specs)
	m.Noise = rand.NewPCG(0, 0) // for whoever trains it: Restore gives it a run's
	return m, nil
}

func shapeError(t safetensors.Tensor, network string, shape []int) error {
	return fmt.Errorf("tensor %q has shape %v, the %s's has %v", t.Name, t.Shape, network, shape)
}

// WeightBytes is how much memory the weights of a model of net take. It takes none.
func WeightBytes(net Network, dt tensor.Dtype) (int, error) {
	_, specs, err := declared(net, dt)
	if err != nil {
		return 0, err
	}
	return weightBytes(net, specs, dt)
}

func weightBytes(net Network, specs []spec, dt tensor.Dtype) (total int, err error) {
	for _, s := range specs {
		n, ok := elements(s.shape)
		if total += n * int(dt.Size()); !ok || total > most {
			return 0, fmt.Errorf("nets: %s: its weight %s of shape %v is larger than any memory", net.Name, s.name, []int(s.shape))
		}
	}
	return total, nil
}

// most is how many numbers no memory has: their bytes can be counted, and summed.
const most = 1 << 48

// elements is how many a shape has; ok is false for one that no memory has.
func elements(shape []int) (n int, ok bool) {
	n = 1
	for _, size := range shape {
		high, low := bits.Mul64(uint64(n), uint64(size))
		if size < 0 || high != 0 || low > most {
			return 0, false
		}
		n = int(low)
	}
	return n, true
}
