package nets

import "gorgonia.org/tensor"

// FLOPs is how many floating-point operations one image takes, as the plain
// algorithms do it: forward, and in a training step.
//
//	forward = 2 · sum of M
//	step    = 2 · (3 · sum of M - M of the first layer that has weights)
//
// M is a layer's multiply-adds, I·O for Dense and OH·OW·K·K·C·F for Conv2D,
// each of which is two operations. A step takes them three times, for the
// outputs, the weights' gradient and the inputs' gradient, of which the first
// layer needs none. Biases, activations, loss and Adam are left out: below 1 %.
// What Winograd's algorithm saves is not taken off.
func (m *Model) FLOPs() (forward, step int) {
	var specs []spec
	for _, w := range m.Weights {
		specs = append(specs, spec{name: w.Name, shape: w.Value.Shape()})
	}
	return m.flops(specs)
}

// FLOPs are those of a model of net: see [Model.FLOPs]. It takes no memory for one.
func FLOPs(net Network) (forward, step int, err error) {
	m, specs, err := declared(net, tensor.Float32)
	if err != nil {
		return 0, 0, err
	}
	forward, step = m.flops(specs)
	return forward, step, nil
}

func (m *Model) flops(weights []spec) (forward, step int) {
	sum, first := 0, 0
	for _, row := range m.rows {
		for _, w := range weights {
			if w.name != row.Name+".kernel" {
				continue
			}
			macs := w.shape.TotalSize() // a kernel is used once for each place of its outputs
			for _, n := range row.Output[:len(row.Output)-1] {
				macs *= n
			}
			if first == 0 {
				first = macs
			}
			sum += macs
		}
	}
	return 2 * sum, 2 * (3*sum - first)
}
