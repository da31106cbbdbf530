package keras

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// model is what a config says of a model: its layers, each behind those whose outputs
// it takes.
type model struct {
	entry
	input  *entry          // its InputLayer; nil if it has none
	shape  json.RawMessage // of a batch of its images; nil if it does not say
	layers []placed
}

// placed is a layer of a model at its place.
type placed struct {
	entry
	group string // where its weights lie in the file
	after []int  // the places of those whose outputs it takes; Image is the input
}

// Image stands for the images among the places of layers.
const Image = -1

// parseModel reads a model's layers: of a Sequential model, or of a Functional one of
// one input and one output in which each layer is called once. In a network there may
// be layers of ours among them.
func parseModel(text []byte, network bool) (m model, err error) {
	if syntax := (*json.SyntaxError)(nil); errors.As(json.Unmarshal(text, new(object)), &syntax) {
		return m, syntax
	}
	if m.entry, err = parseEntry(text); err != nil {
		return m, err
	}
	module, functional := "keras", m.class == "Functional"
	if functional {
		module = "keras.src.models.functional"
	}
	if err := m.from(module, "Functional"); err != nil {
		return m, err
	}
	if m.class != "Sequential" && !functional {
		return m, m.unknown("")
	}
	all, err := m.parseLayers(network)
	switch {
	case err != nil:
		return m, err
	case functional:
		err = m.has("name", "trainable", "dtype", "layers", "input_layers", "output_layers")
	default:
		err = m.has("name", "trainable", "dtype", "layers", "build_input_shape")
	}
	if err != nil {
		return m, err
	}
	if functional {
		return m, m.wire(all)
	}
	return m, m.line(all)
}

// parseLayers reads the layers as they are listed.
func (m *model) parseLayers(network bool) ([]placed, error) {
	var texts []json.RawMessage
	if err := m.config.read("layers", &texts); err != nil {
		return nil, fmt.Errorf("%s: %w", m, err)
	}
	used, names := make(map[string]int), make(map[string]bool)
	var all []placed
	for _, text := range texts {
		layer, err := parseEntry(text)
		if err == nil && !(network && layer.ours()) {
			err = layer.from(kerasLayers, "")
		}
		if err != nil {
			return nil, err
		}
		if names[layer.name] && (network || m.class == "Functional") {
			return nil, fmt.Errorf("%s is there twice, expected each name once", layer)
		}
		names[layer.name] = true
		all = append(all, placed{entry: layer, group: group(layer.class, used)})
	}
	return all, nil
}

// has refuses settings of a model beyond these.
func (e entry) has(keys ...string) error {
	known := make(map[string]setting)
	for _, key := range keys {
		known[key] = nil
	}
	return rule{settings: known}.check(e, nil)
}

// line takes the layers of a Sequential model, each behind the one before it.
func (m *model) line(all []placed) error {
	m.shape = m.config["build_input_shape"]
	for i, l := range all {
		switch {
		case l.class == "InputLayer" && i > 0:
			return fmt.Errorf("%s stands behind other layers, expected it first", l)
		case l.class == "InputLayer":
			m.input, m.shape = &l.entry, l.config["batch_shape"]
		default:
			l.after = []int{len(m.layers) - 1}
			m.layers = append(m.layers, l)
		}
	}
	return nil
}

// wire takes the layers of a Functional model, each behind those whose outputs it is
// called on, and its output last.
func (m *model) wire(all []placed) error {
	input, err := m.end("input_layers")
	if err != nil {
		return err
	}
	output, err := m.end("output_layers")
	if err != nil {
		return err
	}
	place := make(map[string]int)
	for _, l := range all {
		switch {
		case l.class != "InputLayer":
			place[l.name] = len(m.layers)
			m.layers = append(m.layers, l)
		case l.name != input:
			return fmt.Errorf("%s stands behind other layers, or is a second input, expected one input", l)
		default:
			m.input, m.shape, place[input] = &l.entry, l.config["batch_shape"], Image
		}
	}
	if _, ok := place[input]; !ok || m.input == nil {
		return fmt.Errorf("%s has the input %.60q, which is no InputLayer of it", m, input)
	}
	last, ok := place[output]
	if !ok || last == Image {
		return fmt.Errorf("%s has the output %.60q, which is no layer of it behind its input", m, output)
	}
	for i := range m.layers {
		l := &m.layers[i]
		before, err := l.before()
		if err != nil {
			return err
		}
		for _, name := range before {
			at, ok := place[name]
			if !ok {
				return fmt.Errorf("%s is called on the output of %.60q, which is no layer of the model", l, name)
			}
			l.after = append(l.after, at)
		}
	}
	return m.order(last)
}

// order puts the layers into an order in which each stands behind those that it takes,
// and last the output: the one of the file, if it is such a one.
func (m *model) order(last int) error {
	read := make([]bool, len(m.layers))
	for _, l := range m.layers {
		for _, at := range l.after {
			if at != Image {
				read[at] = true
			}
		}
	}
	for i, l := range m.layers {
		if read[i] == (i == last) {
			return fmt.Errorf("%s has layers that do not stand between its input and its output, %s among them: models of several outputs have no counterpart", m, l)
		}
	}
	order, ok := sorted(len(m.layers), last, func(i int) []int { return m.layers[i].after })
	if !ok {
		return fmt.Errorf("%s has layers that stand behind themselves", m)
	}
	m.layers = rearranged(m.layers, order, func(l *placed) *[]int { return &l.after })
	return nil
}

// sorted is an order of n places in which each stands behind those that it takes, and
// one of them behind all that it can; otherwise they stay as they are. There is none
// where one takes itself.
func sorted(n, last int, takes func(int) []int) (order []int, ok bool) {
	const begun, done = 1, 2
	state := make([]int, n)
	var visit func(i int) bool
	visit = func(i int) bool {
		if i == Image || state[i] == done {
			return true
		}
		if state[i] == begun {
			return false
		}
		state[i] = begun
		for _, at := range takes(i) {
			if !visit(at) {
				return false
			}
		}
		state[i] = done
		order = append(order, i)
		return true
	}
	for i := range n {
		if i != last && !visit(i) {
			return nil, false
		}
	}
	return order, visit(last)
}

// rearranged are layers in another order, with what each takes.
func rearranged[L any](layers []L, order []int, after func(*L) *[]int) []L {
	moved, place := make([]L, len(layers)), make([]int, len(layers))
	for to, from := range order {
		moved[to], place[from] = layers[from], to
	}
	for to := range moved {
		takes := after(&moved[to])
		*takes = slices.Clone(*takes)
		for k, at := range *takes {
			if at != Image {
				(*takes)[k] = place[at]
			}
		}
	}
	return moved
}

// images is the shape of the images that a model takes.
func (m model) images() (image [3]int, err error) {
	if m.input != nil {
		if err := rules[m.input.class].check(*m.input, nil); err != nil {
			return image, err
		}
		if err := new(dtype).hold(*m.input); err != nil {
			return image, err
		}
	}
	var shape []*int
	if err := json.Unmarshal(m.shape, &shape); err != nil || len(shape) != 4 || shape[1] == nil || shape[2] == nil || shape[3] == nil {
		return image, fmt.Errorf("the model takes a batch of the shape %s, expected [null,HEIGHT,WIDTH,CHANNELS]: build it with keras.Input((28, 28, 1)) or the like, and give it the weights with set_weights(model.get_weights())", orNothing(m.shape))
	}
	for i, side := range shape[1:] {
		const most = 1 << 15
		if *side < 1 || *side > most {
			return image, fmt.Errorf("the model takes a batch of the shape %s, expected sides from 1 to %d", short(m.shape), most)
		}
		image[i] = *side
	}
	return image, nil
}

func orNothing(text json.RawMessage) string {
	if text == nil {
		return "that it does not say"
	}
	return short(text)
}

// chain refuses a model that branches.
func (m model) chain() error {
	for i, l := range m.layers {
		if !slices.Equal(l.after, []int{i - 1}) {
			return fmt.Errorf("%s branches at %s, expected a chain: weights are read of chains of layers alone", m, l)
		}
	}
	return nil
}
