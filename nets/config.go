package nets

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"stheno/nets/keras"
)

// MarshalJSON writes the network as Keras 3's own config of a model, as
// model.to_json() gives it, which keras.models.model_from_json takes: of a Sequential
// one, or if the network branches of a Functional one. It says what the network
// predicts: the softmax that here is no layer is the activation of the
// last layer if that is a Dense without one, else a Softmax behind it; and a Dense
// that reads images, which Keras's sees pixel by pixel, stands behind a Flatten.
//
// Layers have the names that weights have, frozen ones "trainable": false. A layer
// of one's own is what Keras takes for a class registered in the package stheno,
//
//	"class_name": "Block", "module": "example.com/blocks", "registered_name": "stheno>Block"
//
// with its JSON as settings, and the path of its Go package; so are Normalize and
// Cosines, without one. In Python a twin of it
// has the decorator @keras.saving.register_keras_serializable(package="stheno").
//
// Refused, by the layer's name, are a layer that does not fit, that is not
// registered (an [UnknownLayerError]), or that has a setting which JSON cannot
// hold, such as a function: initializers have to be this package's. The same
// network gives the same bytes.
func (n Network) MarshalJSON() ([]byte, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	for i, name := range names(n.Layers) {
		if err := registered(n.Layers[i]); err != nil {
			return nil, fmt.Errorf("nets: %s: layer %s: %w", n.Name, name, err)
		}
	}
	k, err := n.config()
	if err != nil {
		return nil, err
	}
	text, err := k.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("nets: %s: %w", n.Name, err)
	}
	return text, nil
}

// UnmarshalJSON is [ParseNetwork].
func (n *Network) UnmarshalJSON(config []byte) error {
	read, err := ParseNetwork(config)
	if err == nil {
		*n = read
	}
	return err
}

// ParseNetwork reads a network that MarshalJSON has written, or that Keras 3 has,
// by model.to_json(), as long as it can be trained here and is the same: a model of
// one input and one output, Sequential or Functional, of registered layers, each called
// once, that ends in softmax. All else is refused by layer, class and setting, as is
// what does not fit.
//
// A layer keeps its name, and so its weights theirs, unless all names are Keras's own:
// these are numbered anew, as a network's are. Seeds are not kept: here a run has one
// for all. What the model was compiled with is left alone.
func ParseNetwork(config []byte) (Network, error) {
	k, err := keras.ParseNetwork(config)
	if err != nil {
		return Network{}, fmt.Errorf("nets: %w", err)
	}
	n := Network{Name: k.Name, Input: k.Input}
	given := make(taken)
	for i, l := range k.Layers {
		layer, frozen, err := layerOf(l)
		if err != nil {
			return Network{}, fmt.Errorf("nets: %s: %w", l, err)
		}
		if l.Frozen {
			n.Frozen = append(n.Frozen, l.Name)
		}
		for _, inner := range frozen {
			n.Frozen = append(n.Frozen, l.Name+"."+inner)
		}
		n.Layers = append(n.Layers, placed(layer, i, k.Layers, given))
	}
	takes, err := n.takes()
	if err != nil {
		return Network{}, err
	}
	for i, l := range n.Layers {
		if isDense(l) && len(takes[i]) != 1 {
			return Network{}, fmt.Errorf("nets: %s stands behind images of %v, where Keras's sees each pixel alone: put Flatten before it", k.Layers[i], takes[i])
		}
		if rank := k.Layers[i].Rank; rank > 0 && rank != len(takes[i])+1 {
			return Network{}, fmt.Errorf("nets: %s has the axis %d, expected the last, -1, of what is %v of an image", k.Layers[i], rank-1, takes[i])
		}
	}
	return n, nil
}

// placed puts layer i of a model at its place: with its name, if it is not the one
// that it has anyway, and with those behind which it stands, if it is not the layer
// before it.
func placed(layer Layer, i int, all []keras.NetworkLayer, given taken) Layer {
	at := At{Layer: layer, Name: all[i].Name}
	if next := maps.Clone(given); next.name(layer) == at.Name {
		given.name(layer)
		at.Name = ""
	}
	if !slices.Equal(all[i].After, []int{i - 1}) {
		for _, k := range all[i].After {
			name := imageName
			if k != keras.Image {
				name = all[k].Name
			}
			at.After = append(at.After, name)
		}
	}
	if at.Name == "" && at.After == nil {
		return layer
	}
	return at
}

// layerOf makes a layer of what a config says of it, and names those within it
// that are frozen.
func layerOf(l keras.NetworkLayer) (layer Layer, frozen []string, err error) {
	c, err := classNamed(l.Class, l.Module)
	if err == nil && c.keras == l.Ours { // the name of one of Keras's for one of ours
		err = &UnknownLayerError{Class: l.Class, Package: l.Module}
	}
	if err != nil {
		return nil, nil, err
	}
	all := maps.Clone(l.Settings)
	if text, ok := all[frozenWithin]; ok {
		if err := json.Unmarshal(text, &frozen); err != nil || len(frozen) == 0 {
			return nil, nil, fmt.Errorf("the %s is %.60s, expected names of layers", frozenWithin, text)
		}
		delete(all, frozenWithin)
	}
	layer, err = readSettings(c.layer, all)
	return layer, frozen, err
}

// config is the network as Keras describes one.
func (n Network) config() (keras.Network, error) {
	k := keras.Network{Name: n.Name, Input: n.Input}
	m, _, err := declared(n, tensor.Float32)
	if err != nil {
		return k, err
	}
	steps, err := n.steps()
	if err != nil {
		return k, err
	}
	place := make([]int, len(steps)) // with the Flatten before Dense that Keras's needs
	for i, s := range steps {
		l := keras.NetworkLayer{Class: kind(s.layer), Ours: !isKeras(s.layer), Module: packageOf(s.layer), Name: s.name, Output: m.rows[i+1].Output}
		l.Frozen = slices.Contains(n.Frozen, s.name) && (l.Ours || keras.Freezable(l.Class))
		if l.Settings, err = n.settings(i, s.name); err != nil {
			return k, fmt.Errorf("nets: %s: layer %s (%s): %w", n.Name, s.name, l.Class, err)
		}
		for _, at := range s.after {
			if at != images {
				at = place[at]
			}
			l.After = append(l.After, at)
		}
		if takes := m.rows[s.after[0]+1].Output; isDense(s.layer) && len(takes) != 1 {
			flatten := keras.NetworkLayer{Class: "Flatten", After: l.After, Output: []int{tensor.Shape(takes).TotalSize()}}
			l.After = []int{len(k.Layers)}
			k.Layers = append(k.Layers, flatten)
		}
		place[i] = len(k.Layers)
		k.Layers = append(k.Layers, l)
	}
	n.nameFlattens(k.Layers)
	return k, nil
}

// nameFlattens gives the Flatten layers that have come into a config their names, and
// those that have none of their own new ones, as they are counted.
func (n Network) nameFlattens(layers []keras.NetworkLayer) {
	used := make(map[string]bool)
	for i, name := range names(n.Layers) {
		at, ok := n.Layers[i].(At)
		used[name] = kind(n.Layers[i]) != "Flatten" || ok && at.Name != ""
	}
	given := make(taken)
	for i := range layers {
		if l := &layers[i]; l.Class == "Flatten" && !used[l.Name] {
			for l.Name = given.name(Flatten{}); used[l.Name]; {
				l.Name = given.name(Flatten{})
			}
		}
	}
}

// settings are those of a layer in a config, with the frozen layers within it.
func (n Network) settings(layer int, name string) (map[string]json.RawMessage, error) {
	all, err := writeSettings(n.Layers[layer])
	if err != nil {
		return nil, err
	}
	var frozen []string
	for _, f := range n.Frozen {
		if inner, ok := strings.CutPrefix(f, name+"."); ok {
			frozen = append(frozen, inner)
		}
	}
	if len(frozen) > 0 {
		slices.Sort(frozen)
		all[frozenWithin], err = json.Marshal(slices.Compact(frozen))
	}
	return all, err
}

// takes are the shapes of what each layer takes of an image. It builds the network,
// without memory, and refuses what does not fit.
func (n Network) takes() ([][]int, error) {
	m, _, err := declared(n, tensor.Float32)
	if err != nil {
		return nil, err
	}
	steps, err := n.steps()
	takes := make([][]int, len(steps))
	for i, s := range steps {
		takes[i] = m.rows[s.after[0]+1].Output // the first row is that of the images
	}
	return takes, err
}

func isDense(l Layer) bool {
	_, is := settings(l).(Dense)
	return is
}
