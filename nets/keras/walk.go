package keras

import (
	"encoding/json"
	"fmt"
	"math"
)

// walk goes through a chain of layers, of which weights are read, and knows what an
// image has become.
type walk struct {
	model Model
	shape []int // of what the last layer gives of an image
	dtype dtype // of all layers
}

// understand finds out what a chain of layers computes, or refuses it.
func (w *walk) understand(m model) (*Model, error) {
	if err := m.chain(); err != nil {
		return nil, err
	}
	var err error
	if w.model.Input, err = m.images(); err != nil {
		return nil, err
	}
	w.shape = w.model.Input[:]
	for _, l := range m.layers {
		before := len(w.model.Layers)
		if err := w.step(l.entry); err != nil {
			return nil, err
		}
		if len(w.model.Layers) > before {
			w.model.Layers[before].group = l.group
		}
	}
	return &w.model, w.end()
}

// step goes through one layer.
func (w *walk) step(l entry) error {
	r, known := rules[l.class]
	switch {
	case !known:
		return l.unknown(kerasLayers)
	case r.apply == nil && !r.idle:
		return fmt.Errorf("%s has no counterpart where weights are read, which are those of Conv2D, Flatten, Dense, relu and softmax", l)
	}
	if err := w.dtype.hold(l); err != nil {
		return err
	}
	narrow := r.weights
	if narrow == nil {
		narrow = map[string]setting{}
	}
	if err := r.check(l, narrow); err != nil {
		return err
	}
	if r.apply == nil {
		return nil
	}
	return r.apply(w, l)
}

// last is the layer whose output is what there is, but for those that relu may
// pass; nil before the first.
func (w *walk) last() *Layer {
	for i := len(w.model.Layers) - 1; i >= 0; i-- {
		if l := &w.model.Layers[i]; l.Class != "Flatten" && l.Class != "Dropout" {
			return l
		}
	}
	return nil
}

// end holds what the layers make of an image to what a classifier does: one
// softmax, at the end.
func (w *walk) end() error {
	switch last := w.last(); {
	case last == nil:
		return fmt.Errorf("found no layer with weights")
	case last.Class != "Dense":
		return fmt.Errorf("%s %.60q is the last layer with weights, expected Dense", last.Class, last.Name)
	case last.Activation != "softmax":
		return fmt.Errorf("%s %.60q is the last layer with weights and has the activation %s, expected softmax: if the model gives logits, add keras.layers.Softmax() behind it", last.Class, last.Name, last.Activation)
	}
	return nil
}

func (w *walk) convolution(l entry) error {
	var filters int
	var side []int
	if err := l.config.read("filters", &filters); err != nil {
		return fmt.Errorf("%s: %w", l, err)
	}
	if err := l.config.read("kernel_size", &side); err != nil {
		return fmt.Errorf("%s: %w", l, err)
	}
	switch {
	case len(side) != 2 || side[0] != side[1] || side[0] < 1:
		return fmt.Errorf("%s has the kernel_size %v, expected a square", l, side)
	case len(w.shape) != 3:
		return fmt.Errorf("%s stands behind %v, expected images", l, w.shape)
	case w.shape[0] < side[0] || w.shape[1] < side[0]:
		return fmt.Errorf("%s has kernels of %d x %d on images of %d x %d", l, side[0], side[0], w.shape[0], w.shape[1])
	}
	kernel := []int{side[0], side[0], w.shape[2], filters}
	w.shape = []int{w.shape[0] - side[0] + 1, w.shape[1] - side[0] + 1, filters}
	return w.add(l, Layer{Units: filters, Side: side[0], shape: kernel})
}

func (w *walk) dense(l entry) error {
	var units int
	if err := l.config.read("units", &units); err != nil {
		return fmt.Errorf("%s: %w", l, err)
	}
	if len(w.shape) != 1 {
		return fmt.Errorf("%s stands behind images of %v, where Keras's sees each pixel alone, expected Flatten before it", l, w.shape)
	}
	kernel := []int{w.shape[0], units}
	w.shape = []int{units}
	return w.add(l, Layer{Units: units, shape: kernel})
}

const mostOutputs = 1 << 24 // of a layer with weights

// add adds a layer with weights.
func (w *walk) add(l entry, layer Layer) error {
	if layer.Units < 1 || layer.Units > mostOutputs {
		return fmt.Errorf("%s has %d outputs, expected 1 to %d", l, layer.Units, mostOutputs)
	}
	if last := w.last(); last != nil && last.Activation == "softmax" {
		return fmt.Errorf("%s %.60q has softmax before %s, expected it at the end alone", last.Class, last.Name, l)
	}
	layer.Class, layer.Name, layer.Activation = l.class, l.name, "linear"
	w.model.Layers = append(w.model.Layers, layer)
	return w.activation(l)
}

func (w *walk) flatten(l entry) error {
	if len(w.shape) == 1 {
		return nil
	}
	size := 1
	for _, side := range w.shape {
		if size > math.MaxInt32/side {
			return fmt.Errorf("%s makes rows of more than 2^31 of %v", l, w.shape)
		}
		size *= side
	}
	w.shape = []int{size}
	w.model.Layers = append(w.model.Layers, Layer{Class: l.class, Name: l.name})
	return nil
}

// activation is the setting of that name.
func (w *walk) activation(l entry) error {
	text, ok := l.config["activation"]
	if !ok {
		return fmt.Errorf("%s has no activation, expected relu, softmax or linear", l)
	}
	var name string
	if err := json.Unmarshal(text, &name); err != nil || equal(text, []byte("null")) {
		return w.activationLayer(l, text)
	}
	switch name {
	case "linear":
		return nil
	case "relu":
		return w.relu(l)
	case "softmax":
		return w.softmax(l)
	}
	return fmt.Errorf("%s has the activation %.60q, expected relu, softmax or linear", l, name)
}

// activationLayer is an activation that is written as a layer, or a function of
// the user's.
func (w *walk) activationLayer(l entry, text json.RawMessage) error {
	inner, err := layerEntry(text)
	switch {
	case err != nil:
		return fmt.Errorf("%s has an activation of your own, %s, expected relu, softmax or linear", l, short(text))
	case inner.class != "ReLU" && inner.class != "Softmax":
		return fmt.Errorf("%s has the activation %s, expected relu, softmax or linear", l, inner)
	}
	return w.step(inner)
}

// relu makes the last layer's output positive, which may be flattened already.
func (w *walk) relu(l entry) error {
	last := w.last()
	switch {
	case last == nil:
		return fmt.Errorf("%s: found relu before any layer with weights", l)
	case last.Activation == "softmax":
		return fmt.Errorf("%s: found relu behind softmax", l)
	}
	last.Activation = "relu"
	return nil
}

// softmax makes probabilities of the last Dense layer's output.
func (w *walk) softmax(l entry) error {
	last := w.last()
	switch {
	case last == nil || last.Class != "Dense":
		return fmt.Errorf("%s: found softmax behind no Dense layer, expected it there alone", l)
	case last.Activation != "linear":
		return fmt.Errorf("%s: found softmax behind %s, expected it on the output of Dense alone", l, last.Activation)
	}
	last.Activation = "softmax"
	return nil
}
