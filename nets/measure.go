package nets

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"
)

// Network is the network of a name, for images of a height and width, with the
// channels and classes that the file's weights speak of: in a safetensors file by
// their names, if they are the network's, else by the shapes of Keras's or PyTorch's
// kernels. A network whose weights do not depend on the one or the other is refused.
func (f *WeightFile) Network(name string, height, width int) (Network, error) {
	if k := f.Keras; k != nil {
		return Named(name, [3]int{height, width, k.Input[2]}, k.Layers[len(k.Layers)-1].Units)
	}
	if _, err := lookUp(name); err != nil {
		return Network{}, fmt.Errorf("nets: %s: %w", f.Path, err)
	}
	const channels, classes = 1, 2
	plain, err := drafted(name, [3]int{height, width, channels}, classes)
	if err != nil {
		return Network{}, err
	}
	net, err := f.measured(name, plain, channels, classes)
	if err != nil {
		return Network{}, fmt.Errorf("nets: %s: %w", f.Path, err)
	}
	return net, nil
}

// measured makes a network with the numbers of channels and classes with which the
// file fits it. plain is it with other numbers.
func (f *WeightFile) measured(name string, plain *Model, channels, classes int) (net Network, err error) {
	image := plain.Input
	more := [3]int{image[0], image[1], channels + 1}
	byChannels, err := growing(name, "channels", plain, more, classes)
	if err != nil {
		return net, err
	}
	byClasses, err := growing(name, "classes", plain, image, classes+1)
	if err != nil {
		return net, err
	}
	ofChannels, err := f.numbers(plain, byChannels, byClasses)
	if err != nil {
		return net, err
	}
	ofClasses, err := f.numbers(plain, byClasses, byChannels)
	if err != nil {
		return net, err
	}
	const most = 64
	if len(ofChannels)*len(ofClasses) > most {
		return net, fmt.Errorf("is no %s: too many of its tensors could be the first or last layer's", name)
	}
	for _, c := range ofChannels {
		for _, k := range ofClasses {
			image[2] = c
			m, err := drafted(name, image, k)
			if err != nil {
				return net, err
			}
			if net.Layers == nil {
				net = m.Network // whose misfit is told where the weights are taken
			}
			if len(ofChannels)*len(ofClasses) == 1 {
				return net, nil
			}
			if _, err := f.checked(m); err == nil {
				return m.Network, nil
			}
		}
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

// drafted is a model of a named network without memory.
func drafted(name string, image [3]int, classes int) (*Model, error) {
	net, err := Named(name, image, classes)
	if err != nil {
		return nil, err
	}
	m, _, err := declared(net, tensor.Float32)
	return m, err
}

// growth is how one size of a weight grows with the number of channels or classes.
type growth struct {
	what   string
	weight spec // of the plain network
	axis   int
	by     int // for one more
	plain  int // the plain network's number
}

// growing finds the weight that grows where the image has one channel more, or the
// network one class: the first or the last kernel that does, else another weight.
func growing(name, what string, plain *Model, image [3]int, classes int) (found growth, err error) {
	m, err := drafted(name, image, classes)
	if err != nil {
		return found, err
	}
	n := plain.Input[2]
	if what == "classes" {
		n = plain.Classes
	}
	for i, w := range plain.specs {
		if len(m.specs) != len(plain.specs) || m.specs[i].name != w.name || len(m.specs[i].shape) != len(w.shape) {
			return found, fmt.Errorf("the %s has other weights for another number of %s: no file can say which it is of", name, what)
		}
		grown := m.specs[i].shape
		var axes []int
		for axis := range w.shape {
			if grown[axis] > w.shape[axis] {
				axes = append(axes, axis)
			}
		}
		first := found.what == "" || !IsKernel(found.weight.name) && IsKernel(w.name)
		if len(axes) == 1 && (first || what == "classes" && IsKernel(w.name)) {
			found = growth{what, w, axes[0], grown[axes[0]] - w.shape[axes[0]], n}
		}
	}
	if found.what == "" {
		return found, fmt.Errorf("does not say how many %s the %s has: no weight of it depends on that", what, name)
	}
	return found, nil
}

// numbers are those that the file's tensors give for g, where other is the size
// that is not known either. There is at least one.
func (f *WeightFile) numbers(m *Model, g, other growth) (numbers []int, err error) {
	w := g.weight
	for _, shape := range f.shapes(w) {
		fits := true
		for axis, size := range w.shape {
			unknown := axis == g.axis || w.name == other.weight.name && axis == other.axis
			fits = fits && (unknown || shape[axis] == size)
		}
		if !fits {
			continue
		}
		n := g.plain + (shape[g.axis]-w.shape[g.axis])/g.by
		whole := (shape[g.axis]-w.shape[g.axis])%g.by == 0
		if g.what == "channels" && g.by > 1 && (!whole || n != 1 && n != 3) { // of images that were flattened
			err = sizeErrorf("its first dense layer has %d inputs, which are no images of %d x %d, grey (%d) or in colour (%d)",
				shape[g.axis], m.Input[0], m.Input[1], w.shape[g.axis], w.shape[g.axis]+2*g.by)
			continue
		}
		if whole && n >= 1 && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	switch {
	case len(numbers) > 0:
		return numbers, nil
	case err != nil:
		return nil, err
	}
	return nil, fmt.Errorf("is no %s: %s", m.Name, g.misfit(other))
}

// misfit says what no tensor of the file has.
func (g growth) misfit(other growth) string {
	w := g.weight
	in, out := len(w.shape)-2, len(w.shape)-1
	switch {
	case w.name == other.weight.name || in < 0 || g.axis < in:
		return fmt.Sprintf("nothing in it fits %s", w.name)
	case g.axis == in:
		return fmt.Sprintf("no kernel of %d dimensions has %d outputs", len(w.shape), w.shape[out])
	default:
		return fmt.Sprintf("no kernel of %d dimensions has %d inputs", len(w.shape), w.shape[in])
	}
}

// shapes are those of the file's tensors that may be a weight, laid out as ours.
func (f *WeightFile) shapes(w spec) (shapes [][]int) {
	for _, t := range f.Tensors {
		if t.Name == w.name && len(t.Shape) == len(w.shape) {
			return [][]int{t.Shape}
		}
	}
	for _, t := range f.Tensors {
		_, last := split(t.Name)
		if c, isKernel := conventions[last]; isKernel && len(t.Shape) == len(w.shape) {
			shapes = append(shapes, c.ours(t.Shape))
		}
	}
	return shapes
}
