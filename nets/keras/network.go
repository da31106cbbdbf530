package keras

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Network is a network on paper, to be trained: layers, one after the other, on
// images whose pixels are from 0 to 1. A softmax follows the last one.
type Network struct {
	Name   string
	Input  [3]int // height, width and channels of an image
	Layers []NetworkLayer
}

// NetworkLayer is a layer of a Network.
type NetworkLayer struct {
	Class    string
	Ours     bool   // it is none of Keras's; else Conv2D, Dense, Flatten or Dropout
	Module   string // of one of ours: where its class is defined; "" is not known
	Name     string
	Frozen   bool // Keras's trainable=false
	Settings map[string]json.RawMessage
}

// ownPackage is what layers of ours are registered under, as Keras says: a Python
// class of the name Block is our Block with
//
//	@keras.saving.register_keras_serializable(package="stheno")
const ownPackage = "stheno"

// ours says whether a layer is one of ours, or its twin in Python.
func (e entry) ours() bool { return e.registered == ownPackage+">"+e.class && e.class != "" }

// String names the layer in an error.
func (l NetworkLayer) String() string { return entry{class: l.Class, name: l.Name}.String() }

// ParseNetwork reads a model's config, what Keras's model.to_json() gives, as a
// network: a chain, Sequential or Functional, that ends in softmax. What it was
// compiled with is left alone.
//
// As when weights are read ([Read]), a class or setting that is not understood is
// an error that names it; and so is what matters in training alone, such as noise
// and regularizers. Beside Keras's layers there may be layers of ours, of which
// the settings are whatever they are. The element type is not a network's: it is
// float32 or float64, the same one in all layers.
func ParseNetwork(config []byte) (*Network, error) {
	net, err := parseNetwork(config)
	if err != nil {
		return nil, fmt.Errorf("keras: %w", err)
	}
	return net, nil
}

func parseNetwork(config []byte) (*Network, error) {
	if len(config) > mostConfig {
		return nil, fmt.Errorf("found a config of %d bytes, expected at most %d", len(config), mostConfig)
	}
	c, err := parseChain(config, true)
	if err != nil {
		return nil, err
	}
	if err := checkName("model", c.name); err != nil {
		return nil, err
	}
	names := make(map[string]bool)
	for _, l := range c.layers {
		if names[l.name] {
			return nil, fmt.Errorf("%s is there twice, expected each name once", l)
		}
		names[l.name] = true
	}
	model, _, err := (&walk{network: true}).understand(c)
	if err != nil {
		return nil, err
	}
	net := &Network{Name: c.name, Input: model.Input}
	for _, l := range model.Layers {
		layer, err := l.trained()
		if err != nil {
			return nil, err
		}
		net.Layers = append(net.Layers, layer)
	}
	return net, nil
}

// checkName refuses what a model, or network, cannot be called: Keras wants no slash in a name, and
// control characters are orders to the terminal that it is shown on.
func checkName(what, name string) error {
	switch {
	case strings.Contains(name, "/"):
		return fmt.Errorf("the %s has the name %.60q, expected one without a slash", what, name)
	case strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("the %s has the name %.60q, expected one without control characters", what, name)
	}
	return nil
}

// own takes a layer of ours, whatever it makes of its input.
func (w *walk) own(l entry) error {
	if w.probabilities {
		return l.behindSoftmax()
	}
	if err := w.policy(l); err != nil {
		return err
	}
	w.shape = nil
	w.model.Layers = append(w.model.Layers, Layer{Class: l.class, Name: l.name})
	return l.trains()
}

// train takes a layer of Keras's, of a network that will be trained.
func (w *walk) train(l entry, r rule) error {
	if err := l.trains(); err != nil {
		return err
	}
	switch {
	case w.probabilities && !r.nothing:
		return l.behindSoftmax()
	case l.class == "Dropout":
		w.model.Layers = append(w.model.Layers, Layer{Class: l.class, Name: l.name})
		return nil
	case r.apply == nil && !r.nothing:
		return fmt.Errorf("%s changes what is learnt, and has no counterpart: train without it", l)
	case r.apply == nil:
		return nil
	}
	return r.apply(w, l)
}

func (e entry) behindSoftmax() error {
	return fmt.Errorf("%s stands behind softmax, expected that at the end alone", e)
}

// trains refuses what changes training alone.
func (e entry) trains() error {
	for _, key := range slices.Sorted(maps.Keys(e.config)) {
		if value := e.config[key]; slices.Contains(inTraining, key) && !equal(value, []byte("null")) {
			return fmt.Errorf("%s has the %s %s, expected null: it changes what is learnt, and has no counterpart", e, key, short(value))
		}
	}
	return nil
}

// trained holds a network to what a classifier does.
func (w *walk) trained() error {
	switch n := len(w.model.Layers); {
	case n == 0:
		return fmt.Errorf("found no layer")
	case !w.probabilities:
		return fmt.Errorf("%s is the last layer, and no softmax follows: if the model gives logits, add keras.layers.Softmax() behind it", w.model.Layers[n-1].entry)
	}
	return nil
}

// trained is a layer with its settings: those that its rule does not fix.
func (l Layer) trained() (NetworkLayer, error) {
	e := l.entry
	out := NetworkLayer{Class: e.class, Ours: e.ours(), Name: e.name, Settings: make(map[string]json.RawMessage)}
	if out.Ours {
		out.Module = e.module
	}
	trainable := true
	if err := e.config.optional("trainable", &trainable); err != nil {
		return out, fmt.Errorf("%s: %w", e, err)
	}
	out.Frozen = !trainable
	for key, value := range e.config {
		if out.Ours && !slices.Contains(ofEachLayer, key) || !out.Ours && slices.Contains(rules[e.class].own, key) {
			out.Settings[key] = value
		}
	}
	if out.Ours || l.Activation == "" {
		return out, nil
	}
	out.Settings["activation"] = fmt.Appendf(nil, "%q", l.Activation)
	kernel, err := e.initializer("kernel_initializer")
	if err != nil {
		return out, err
	}
	if kernel == defaultInitializer {
		delete(out.Settings, "kernel_initializer")
	}
	bias, err := e.initializer("bias_initializer")
	if err == nil && bias != zeros {
		err = fmt.Errorf("%s has the bias_initializer %s, expected %s", e, bias, zeros)
	}
	return out, err
}
