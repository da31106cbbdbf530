package nets

import (
	"fmt"

	"stheno/nets/keras"
	"stheno/nets/safetensors"
)

// fromKeras gives a Keras model's weights our names, if the model is this one's
// network: the same images, and the same layers one after the other, but for
// Dropout, which changes no prediction. Softmax is ours at the end of every
// network.
func (m *Model) fromKeras(k *keras.Model) ([]safetensors.Tensor, error) {
	if k.Input != m.Input {
		return nil, sizeErrorf("the file's model takes images of %s, the %s of %s", size(k.Input), m.Name, size(m.Input))
	}
	var tensors []safetensors.Tensor
	ours := m.computing()
	for i, want := range ours {
		if i == len(k.Layers) {
			return nil, fmt.Errorf("the %s goes on with %s, where the file's model ends", m.Name, want.is)
		}
		l := k.Layers[i]
		if is := describe(l); is != want.is {
			return nil, fmt.Errorf("layer %d of the file's model, %.60q, is %s, of the %s %s: only a network of the same layers takes its weights", i+1, l.Name, is, m.Name, want.is)
		}
		if l.Class == "Flatten" {
			continue
		}
		kernel, bias := l.Kernel, l.Bias
		kernel.Name, bias.Name = want.layer+".kernel", want.layer+".bias"
		tensors = append(tensors, kernel, bias)
	}
	if len(k.Layers) > len(ours) {
		more := k.Layers[len(ours)]
		return nil, fmt.Errorf("the file's model goes on with %s, %.60q, where the %s ends", describe(more), more.Name, m.Name)
	}
	return tensors, nil
}

// described is a layer of ours, as describe has Keras's.
type described struct{ layer, is string }

// computing lists the layers that compute something. The last one's logits go
// through softmax, which Keras counts as its own.
func (m *Model) computing() (list []described) {
	end := len(m.Layers) - 1
	for end > 0 && isDropout(m.Layers[end]) {
		end--
	}
	for i, name := range names(m.Layers) {
		is := kind(m.Layers[i]) + ", for which there is no rule,"
		switch l := settings(m.Layers[i]).(type) {
		case Dropout:
			continue
		case Flatten:
			is = kind(l)
		case Conv2D:
			is = describe(keras.Layer{Class: kind(l), Units: l.Filters, Side: l.Side, Activation: l.Activation.String()})
		case Dense:
			if len(m.rows[i].Output) != 1 { // of what it takes: the first row is that of the images
				list = append(list, described{is: "Flatten"})
			}
			activation := l.Activation.String()
			if i == end && l.Activation == Linear {
				activation = "softmax"
			}
			is = describe(keras.Layer{Class: kind(l), Units: l.Units, Activation: activation})
		}
		list = append(list, described{name, is})
	}
	return list
}

func isDropout(l Layer) bool {
	_, is := settings(l).(Dropout)
	return is
}

// describe says what a layer is.
func describe(l keras.Layer) string {
	activation := " with " + l.Activation
	if l.Activation == Linear.String() {
		activation = " without activation"
	}
	switch l.Class {
	case "Conv2D":
		return fmt.Sprintf("Conv2D of %d filters of %d x %d%s", l.Units, l.Side, l.Side, activation)
	case "Dense":
		return fmt.Sprintf("Dense of %d units%s", l.Units, activation)
	}
	return l.Class
}

// size writes 28 x 28 x 1.
func size(image [3]int) string { return fmt.Sprintf("%d x %d x %d", image[0], image[1], image[2]) }
