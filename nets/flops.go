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
// layer needs none. A frozen layer has no weights' gradient, and up to the first
// one that is trained none needs its inputs'. Biases, activations, loss and Adam
// are left out: below 1 %. What Winograd's algorithm saves is not taken off.
func (m *Model) FLOPs() (forward, step int) {
	trained := false // a kernel before
	for _, s := range m.specs {
		if !IsKernel(s.name) {
			continue
		}
		operations := 2 * s.shape.TotalSize() * s.places
		forward, step = forward+operations, step+operations
		if trained {
			step += operations
		}
		if !m.freezes(s.name) {
			step += operations
			trained = true
		}
	}
	return forward, step
}

// FLOPs are those of a model of net: see [Model.FLOPs]. It takes no memory for one.
func FLOPs(net Network) (forward, step int, err error) {
	m, _, err := declared(net, tensor.Float32)
	if err != nil {
		return 0, 0, err
	}
	forward, step = m.FLOPs()
	return forward, step, nil
}
