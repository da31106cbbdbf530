package nets

import (
	"fmt"
	"math/bits"
	"math/rand/v2"

	"gorgonia.org/tensor"

	"stheno/nets/safetensors"
)

// Load is [WeightFile.Model] of the file at a path.
func Load(net Network, dt tensor.Dtype, path string) (*Model, error) {
	f, err := ReadWeightFile(path)
	if err != nil {
		return nil, fmt.Errorf("nets: %w", err)
	}
	return f.Model(net, dt)
}

// WithWeights is [Load] with tensors that were read already, under the model's own
// names only.
func WithWeights(net Network, dt tensor.Dtype, tensors []safetensors.Tensor) (*Model, error) {
	m, _, err := declared(net, dt)
	if err == nil {
		err = m.check(tensors)
	}
	if err != nil {
		return nil, err
	}
	return m.with(tensors), nil
}

// with gives a model without memory its weights, which were checked.
func (m *Model) with(tensors []safetensors.Tensor) *Model {
	m.allocate(m.specs)
	m.assign(tensors)
	m.Noise = rand.NewPCG(0, 0) // for whoever trains it: Restore gives it a run's
	return m
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
