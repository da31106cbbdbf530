package keras

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Network is a network on paper, to be trained: layers, each behind those whose outputs
// it takes, on images whose pixels are from 0 to 1. A softmax follows the last one,
// which is the one whose output nobody takes.
type Network struct {
	Name   string
	Input  [3]int // height, width and channels of an image
	Layers []NetworkLayer
}

// NetworkLayer is a layer of a Network.
type NetworkLayer struct {
	Class    string
	Ours     bool   // it is none of Keras's
	Module   string // of one of ours: where its class is defined; "" is not known
	Name     string
	After    []int // the places of those whose outputs it takes, before its own; Image is the network's input
	Frozen   bool  // Keras's trainable=false
	Settings map[string]json.RawMessage
	Output   []int // the shape of what it gives of an image; only what is written of a network that branches needs it
	Rank     int   // how many dimensions, the batch's among them, what it takes must have, as it names the last by its number; 0 is any
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
// network: Sequential, or Functional with one input and one output, that ends in
// softmax. What it was compiled with is left alone.
//
// As when weights are read ([Read]), a class or setting that is not understood is
// an error that names it; and so is what matters in training alone and has no
// counterpart, such as constraints. Beside Keras's layers there may be layers of ours,
// of which the settings are whatever they are. The element type is not a network's: it
// is float32 or float64, the same one in all layers.
//
// Names are kept, but where all are Keras's own, numbered as they were made: dense_7 and
// dense_8 are dense and dense_1 then, and the layers stand in the order of the numbers
// if they can.
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
	m, err := parseModel(config, true)
	if err != nil {
		return nil, err
	}
	if err := checkName("model", m.name); err != nil {
		return nil, err
	}
	net := &Network{Name: m.name}
	if net.Input, err = m.images(); err != nil {
		return nil, err
	}
	if err := m.trains(); err != nil {
		return nil, err
	}
	if err := m.endsInSoftmax(); err != nil {
		return nil, err
	}
	for _, l := range m.layers {
		layer, err := l.networkLayer()
		if err != nil {
			return nil, err
		}
		net.Layers = append(net.Layers, layer)
	}
	net.rename()
	return net, nil
}

// checkName refuses what a model, network or layer cannot be called: Keras wants no slash in a name, and
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

// trains holds the layers to their rules, and leaves out those that do nothing.
func (m *model) trains() error {
	var dtype dtype
	for _, l := range m.layers {
		if !l.ours() {
			r, known := rules[l.class]
			switch {
			case !known:
				return l.unknown(kerasLayers)
			case r.own == nil && !r.nothing:
				return fmt.Errorf("%s changes what is learnt, and has no counterpart: train without it", l)
			}
			if err := r.check(l.entry, nil); err != nil {
				return err
			}
		}
		if err := dtype.hold(l.entry); err != nil {
			return err
		}
		if err := l.trainsAlike(); err != nil {
			return err
		}
		if err := checkName("layer", l.name); err != nil {
			return err
		}
	}
	m.leaveOut(func(l placed) bool { return !l.ours() && rules[l.class].nothing })
	if len(m.layers) == 0 {
		return fmt.Errorf("found no layer")
	}
	return nil
}

// trainsAlike refuses what changes training alone and has no counterpart.
func (e entry) trainsAlike() error {
	own := rules[e.class].own
	for _, key := range slices.Sorted(maps.Keys(e.config)) {
		value := e.config[key]
		_, has := own[key]
		if slices.Contains(inTraining, key) && !equal(value, []byte("null")) && (!has || e.ours()) {
			return fmt.Errorf("%s has the %s %s, expected null: it changes what is learnt, and has no counterpart", e, key, short(value))
		}
	}
	return nil
}

// leaveOut takes out layers of one input, behind which then stands what they took.
func (m *model) leaveOut(these func(placed) bool) {
	place, left := make([]int, len(m.layers)), m.layers[:0:0]
	for i, l := range m.layers {
		after := make([]int, len(l.after))
		for k, at := range l.after {
			if after[k] = at; at != Image {
				after[k] = place[at]
			}
		}
		if l.after = after; these(l) && len(after) == 1 {
			place[i] = after[0]
			continue
		}
		place[i] = len(left)
		left = append(left, l)
	}
	m.layers = left
}

// endsInSoftmax takes the softmax off that follows the last layer, which a network has
// without a word.
func (m *model) endsInSoftmax() error {
	last := len(m.layers) - 1
	l := &m.layers[last]
	switch makes, err := l.softmax(); {
	case err != nil:
		return err
	case makes && l.class != "Dense" && (last == 0 || len(l.after) != 1):
		return fmt.Errorf("%s stands alone, expected it behind a layer", l)
	case makes && l.class != "Dense":
		m.layers = m.layers[:last]
		return nil
	case makes && l.config["activity_regularizer"] != nil && !equal(l.config["activity_regularizer"], []byte("null")):
		return fmt.Errorf("%s has the activation softmax and an activity_regularizer, which is of probabilities, expected it of logits: make the softmax a layer of its own", l)
	case makes:
		l.config = maps.Clone(l.config)
		l.config["activation"] = json.RawMessage(`"linear"`)
		return nil
	}
	for _, l := range m.layers {
		for _, at := range l.after {
			if at == Image {
				continue
			}
			if before, _ := m.layers[at].softmax(); before {
				return fmt.Errorf("%s stands behind softmax, expected that at the end alone", l)
			}
		}
	}
	return fmt.Errorf("%s is the last layer, and no softmax follows: if the model gives logits, add keras.layers.Softmax() behind it", l)
}

// softmax says whether a layer ends with one over its last axis.
func (e entry) softmax() (bool, error) {
	switch {
	case e.ours():
		return false, nil
	case e.class == "Softmax":
		_, err := e.lastAxis()
		return true, err
	case e.class != "Dense" && e.class != "Activation":
		return false, nil
	}
	activation := e.activation()
	return equal(activation, []byte(`"softmax"`)), nil
}

// networkLayer is a layer with its own settings, as they count: see [Settings].
func (l placed) networkLayer() (NetworkLayer, error) {
	e := l.entry
	out := NetworkLayer{Class: e.class, Ours: e.ours(), Name: e.name, After: l.after, Settings: make(map[string]json.RawMessage)}
	trainable := true
	if err := e.config.optional("trainable", &trainable); err != nil {
		return out, fmt.Errorf("%s: %w", e, err)
	}
	out.Frozen = !trainable
	if out.Ours {
		out.Module = e.module
		for key, value := range e.config {
			if !slices.Contains(ofEachLayer, key) {
				out.Settings[key] = value
			}
		}
		return out, nil
	}
	r := rules[e.class]
	for key := range r.own {
		value, ok := e.config[key]
		switch null := equal(value, []byte("null")); {
		case ok && null && (strings.HasSuffix(key, "_initializer") || key == "mean" || key == "variance"):
			return out, fmt.Errorf("%s has the %s null, expected one that the file says", e, key)
		case ok && (key == "units" || key == "filters") && !few(value):
			return out, fmt.Errorf("%s has %s outputs, expected 1 to %d", e, short(value), mostOutputs)
		case ok && key == "activation":
			out.Settings[key] = e.activation()
		case ok:
			out.Settings[key] = value
		}
	}
	out.Settings = Settings(out.Class, out.Settings)
	var err error
	if r.axis {
		out.Rank, err = e.lastAxis()
	}
	return out, err
}

// few says whether a layer can have so many outputs.
func few(text json.RawMessage) bool {
	var n float64
	return json.Unmarshal(text, &n) != nil || n >= 1 && n <= mostOutputs
}

// activation is that setting, in which a layer without settings is its name.
func (e entry) activation() json.RawMessage {
	text := e.config["activation"]
	inner, err := layerEntry(text)
	if err != nil || inner.class != "ReLU" && inner.class != "Softmax" || rules[inner.class].check(inner, rules[inner.class].weights) != nil {
		return text
	}
	return json.RawMessage(strconv.Quote(strings.ToLower(inner.class)))
}

// lastAxis holds an axis to the last one. If that is named from the front, what the
// layer takes has to have one dimension more.
func (e entry) lastAxis() (rank int, err error) {
	text, ok := e.config["axis"]
	if !ok {
		return 0, nil
	}
	var axis int
	if list := []int(nil); json.Unmarshal(text, &list) == nil && len(list) == 1 {
		axis = list[0]
	} else if json.Unmarshal(text, &axis) != nil {
		axis = 0
	}
	switch {
	case axis == -1:
		return 0, nil
	case axis < 1:
		return 0, fmt.Errorf("%s has the axis %s, expected the last, -1", e, short(text))
	}
	return axis + 1, nil
}

// rename gives the layers the names that they have where nobody has given them one, if
// nobody has.
func (n *Network) rename() {
	numbers := make([]int, len(n.Layers))
	byClass := make(map[string][]int)
	for i, l := range n.Layers {
		number, ok := automatic(l.Name, Snake(l.Class))
		if !ok {
			return
		}
		numbers[i] = number
		byClass[Snake(l.Class)] = append(byClass[Snake(l.Class)], i)
	}
	before := make(map[int]int) // of a class, the one that was made before
	for _, places := range byClass {
		slices.SortFunc(places, func(i, j int) int { return numbers[i] - numbers[j] })
		for k := range places[1:] {
			before[places[k+1]] = places[k]
		}
	}
	order, ok := sorted(len(n.Layers), len(n.Layers)-1, func(i int) []int {
		if of, ok := before[i]; ok {
			return append(slices.Clone(n.Layers[i].After), of)
		}
		return n.Layers[i].After
	})
	if !ok || order[len(order)-1] != len(n.Layers)-1 {
		return
	}
	n.Layers = rearranged(n.Layers, order, func(l *NetworkLayer) *[]int { return &l.After })
	used := make(map[string]int)
	for i := range n.Layers {
		n.Layers[i].Name = group(n.Layers[i].Class, used)
	}
}

// automatic says which of its class a layer is by a name that nobody has given it.
func automatic(name, class string) (number int, ok bool) {
	if name == class {
		return 0, true
	}
	digits, ok := strings.CutPrefix(name, class+"_")
	number, err := strconv.Atoi(digits)
	return number, ok && err == nil && number > 0 && strconv.Itoa(number) == digits
}

// Like is another network with its layers in the order of this one's, if they have the
// same names and one of the two branches: the order in which branches are listed means
// nothing.
func (n Network) Like(other Network) Network {
	if len(n.Layers) != len(other.Layers) || !n.branches() && !other.branches() {
		return other
	}
	place := make(map[string]int)
	for i, l := range other.Layers {
		place[l.Name] = i
	}
	order := make([]int, len(n.Layers))
	for i, l := range n.Layers {
		at, ok := place[l.Name]
		if !ok {
			return other
		}
		order[i] = at
	}
	other.Layers = rearranged(other.Layers, order, func(l *NetworkLayer) *[]int { return &l.After })
	return other
}

// Takes names, for people, what layer i takes.
func (n Network) Takes(i int) (names []string) {
	for _, at := range n.Layers[i].After {
		name := "the images"
		if at != Image {
			name = n.Layers[at].Name
		}
		names = append(names, name)
	}
	return names
}

// Freezable says whether layers of one of Keras's classes can be frozen, as all can but
// some without weights.
func Freezable(class string) bool { return !rules[class].bare }
