package keras

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// walk goes through a chain of layers, and knows what an image has become.
type walk struct {
	model Model
	shape []int  // of what the last layer gives of an image; nil before the input, and where no rule says it
	dtype string // of all layers

	network       bool // whether the layers are to be trained: then it matters what they do there
	probabilities bool // whether softmax has been, in a network
}

// understand finds out what a chain of layers computes, or refuses it.
func (w *walk) understand(c chain) (*Model, string, error) {
	if len(c.layers) == 0 || c.layers[0].class != "InputLayer" {
		if err := w.begin(c.input); err != nil {
			return nil, "", err
		}
	}
	for i, l := range c.layers {
		if l.class == "InputLayer" && i > 0 {
			return nil, "", fmt.Errorf("%s stands behind other layers, expected it first", l)
		}
		before := len(w.model.Layers)
		if err := w.step(l); err != nil {
			return nil, "", err
		}
		if len(w.model.Layers) > before {
			w.model.Layers[before].group, w.model.Layers[before].entry = c.groups[i], l
		}
	}
	if w.network {
		return &w.model, w.dtype, w.trained()
	}
	return &w.model, w.dtype, w.end()
}

// step goes through one layer.
func (w *walk) step(l entry) error {
	if w.network && l.ours() {
		return w.own(l)
	}
	r, known := rules[l.class]
	if !known {
		return l.unknown(kerasLayers)
	}
	if err := w.policy(l); err != nil {
		return err
	}
	if err := r.check(l); err != nil {
		return err
	}
	if w.network {
		return w.train(l, r)
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

// policy holds a layer's element type to those of the others. What computes in
// half precision or whole numbers computes something else.
func (w *walk) policy(l entry) error {
	text, ok := l.config["dtype"]
	if !ok {
		return fmt.Errorf("%s has no dtype", l)
	}
	var policy struct {
		Class  string `json:"class_name"`
		Config struct{ Name string }
	}
	name := ""
	if json.Unmarshal(text, &name) != nil {
		if json.Unmarshal(text, &policy) != nil || policy.Class != "DTypePolicy" {
			return fmt.Errorf("%s has the dtype policy %s, expected float32: quantized layers have no counterpart; save the model before quantize()", l, short(text))
		}
		name = policy.Config.Name
	}
	dtype, ok := map[string]string{"float32": "F32", "float64": "F64"}[name]
	switch {
	case !ok && strings.HasPrefix(name, "mixed_"):
		return fmt.Errorf("%s has the dtype policy %.40q, expected float32: set l.dtype_policy = \"float32\" for every l of model.layers, and save the model again", l, name)
	case !ok:
		return fmt.Errorf("%s has the dtype policy %.40q, expected float32: build the model with that, and give it the weights with set_weights(model.get_weights())", l, name)
	case l.class == "InputLayer": // the layers behind it cast to theirs
		return nil
	case w.dtype != "" && w.dtype != dtype:
		return fmt.Errorf("%s has the dtype policy %s, layers before it another, expected one", l, name)
	}
	w.dtype = dtype
	return nil
}

func (w *walk) input(l entry) error { return w.begin(l.config["batch_shape"]) }

// begin takes the shape of a batch of images.
func (w *walk) begin(text json.RawMessage) error {
	var shape []*int
	if err := json.Unmarshal(text, &shape); err != nil || len(shape) != 4 || shape[1] == nil || shape[2] == nil || shape[3] == nil {
		return fmt.Errorf("the model takes a batch of the shape %s, expected [null,HEIGHT,WIDTH,CHANNELS]: build it with keras.Input((28, 28, 1)) or the like, and give it the weights with set_weights(model.get_weights())", orNothing(text))
	}
	for i, side := range shape[1:] {
		const most = 1 << 15
		if *side < 1 || *side > most {
			return fmt.Errorf("the model takes a batch of the shape %s, expected sides from 1 to %d", short(text), most)
		}
		w.model.Input[i] = *side
	}
	w.shape = w.model.Input[:]
	return nil
}

func orNothing(text json.RawMessage) string {
	if text == nil {
		return "that it does not say"
	}
	return short(text)
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
	case w.shape == nil: // behind a layer of ours
		return w.add(l, Layer{Units: filters, Side: side[0]})
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
	if w.shape == nil { // behind a layer of ours
		return w.add(l, Layer{Units: units})
	}
	if len(w.shape) != 1 {
		return fmt.Errorf("%s stands behind images of %v, where Keras's sees each pixel alone, expected Flatten before it", l, w.shape)
	}
	kernel := []int{w.shape[0], units}
	w.shape = []int{units}
	return w.add(l, Layer{Units: units, shape: kernel})
}

// add adds a layer with weights.
func (w *walk) add(l entry, layer Layer) error {
	const most = 1 << 24
	if layer.Units < 1 || layer.Units > most {
		return fmt.Errorf("%s has %d outputs, expected 1 to %d", l, layer.Units, most)
	}
	if last := w.last(); last != nil && last.Activation == "softmax" {
		return fmt.Errorf("%s %.60q has softmax before %s, expected it at the end alone", last.Class, last.Name, l)
	}
	layer.Class, layer.Name, layer.Activation = l.class, l.name, "linear"
	w.model.Layers = append(w.model.Layers, layer)
	return w.activation(l)
}

func (w *walk) flatten(l entry) error {
	if len(w.shape) == 1 && !w.network {
		return nil
	}
	size := 1
	for _, side := range w.shape {
		if size > math.MaxInt32/side {
			return fmt.Errorf("%s makes rows of more than 2^31 of %v", l, w.shape)
		}
		size *= side
	}
	if w.shape != nil {
		w.shape = []int{size}
	}
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
	case last.entry.ours():
		return fmt.Errorf("%s: found relu behind %s, expected it behind Conv2D or Dense", l, last.entry)
	case last.Activation == "softmax":
		return fmt.Errorf("%s: found relu behind softmax", l)
	}
	last.Activation = "relu"
	return nil
}

// softmax makes probabilities of the last Dense layer's output.
func (w *walk) softmax(l entry) error {
	if w.network {
		w.probabilities = true
		return nil
	}
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
