package nets

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gorgonia.org/gorgonia"

	"stheno/nets/keras"
)

// At is a layer of a network with a name of its own, or at a place of its own: after
// other layers than the one before it in the list. So a network branches, and its
// branches meet in a [Merge]:
//
//	nets.Conv2D{Filters: 16, Side: 3, Padding: nets.Same}, // conv2d
//	nets.Conv2D{Filters: 16, Side: 3, Padding: nets.Same}, // conv2d_1
//	nets.At{Layer: nets.Add{}, After: []string{"conv2d", "conv2d_1"}},
//
// [Network.Then] writes the same as a program. An At stands in a network's list alone.
type At struct {
	Layer Layer
	Name  string   // "" is Keras's, by the layer's class
	After []string // whose outputs it takes: layers before it in the list, or "image", the network's input; nil is the layer before it
}

// Build refuses: a network builds the layer itself.
func (a At) Build(*Builder, *gorgonia.Node) (*gorgonia.Node, error) {
	return nil, errors.New("an At stands in a network's list of layers alone")
}

// Merge is a layer in which branches meet: it takes the outputs of several layers,
// which [At] names. Keras's are Add, Concatenate and their like; one of your own is
// registered as any layer is.
type Merge interface {
	Layer

	// Merge is Build of several inputs, in At's order, at least two.
	Merge(b *Builder, xs gorgonia.Nodes) (*gorgonia.Node, error)
}

// errOneInput is that of a Merge's Build.
var errOneInput = errors.New("it takes the outputs of two layers or more: name them by nets.At or Network.Then")

// Then adds a layer to the network, after the layers of these names, or without any
// after the one that was added last, and returns its name: a network that branches is
// written as Keras's functional models are,
//
//	x := net.Then(nets.Conv2D{Filters: 16, Side: 3, Padding: nets.Same})
//	y := net.Then(nets.BatchNormalization{}, x)
//	x = net.Then(nets.Add{}, x, y)
//
// What does not fit is told when the network is built.
func (n *Network) Then(l Layer, after ...string) string {
	if len(after) > 0 && !slices.Equal(after, []string{n.last()}) {
		at, ok := l.(At)
		if !ok {
			at.Layer = l
		}
		at.After = slices.Clone(after)
		l = at
	}
	n.Layers = append(n.Layers, l)
	return n.last()
}

// last is the name of what the next layer takes if nothing else is said.
func (n *Network) last() string {
	if len(n.Layers) == 0 {
		return imageName
	}
	return names(n.Layers)[len(n.Layers)-1]
}

// imageName is what a network's input is called, as a layer whose output is taken.
const imageName = "image"

// images stands for the input among the places of layers.
const images = -1

// step is a layer of a network, with its name and the places of those whose outputs
// it takes.
type step struct {
	layer Layer // no At
	name  string
	after []int
}

// steps are the network's layers, each with what it takes, or say why they are no
// network.
func (n Network) steps() ([]step, error) {
	steps := make([]step, len(n.Layers))
	place, read := map[string]int{imageName: images}, make(map[int]bool)
	for i, name := range names(n.Layers) {
		l := n.Layers[i]
		if isNil(l) {
			return nil, fmt.Errorf("nets: %s: layer %d of %d, %s, is nil", n.Name, i+1, len(n.Layers), name)
		}
		if _, taken := place[name]; taken || strings.ContainsAny(name, "./") || strings.ContainsFunc(name, unicode.IsControl) {
			return nil, fmt.Errorf("nets: %s: layer %d of %d is called %q: it needs a name that no other layer has, without a dot, a slash or a control character", n.Name, i+1, len(n.Layers), name)
		}
		after := []int{i - 1}
		if at, ok := l.(At); ok && at.After != nil {
			after = nil
			for _, from := range at.After {
				at, ok := place[from]
				if !ok {
					return nil, fmt.Errorf("nets: %s: layer %s stands after %q, which is no layer before it in the list", n.Name, name, from)
				}
				after = append(after, at)
			}
		}
		for _, at := range after {
			read[at] = true
		}
		steps[i] = step{plain(l), name, after}
		place[name] = i
	}
	for i, s := range steps[:max(0, len(steps)-1)] {
		if !read[i] {
			return nil, fmt.Errorf("nets: %s: nothing takes the output of layer %s: name it in a later layer's At.After", n.Name, s.name)
		}
	}
	return steps, nil
}

// readers are the steps that take the output of step i.
func readers(steps []step, i int) (found []int) {
	for j, s := range steps {
		if slices.Contains(s.after, i) {
			found = append(found, j)
		}
	}
	return found
}

// plain is a layer without its place.
func plain(l Layer) Layer {
	if at, ok := l.(At); ok {
		return plain(at.Layer)
	}
	return l
}

// names gives each layer the name that its At has, or Keras's: its class as keras.Snake
// writes it, from the second of a kind on with a number.
func names(layers []Layer) []string {
	given := make(taken)
	names := make([]string, len(layers))
	for i, l := range layers {
		if at, ok := l.(At); ok && at.Name != "" {
			names[i] = at.Name
			continue
		}
		names[i] = given.name(l)
	}
	return names
}

// taken counts the layers of each kind that have a name.
type taken map[string]int

func (t taken) name(l Layer) string {
	kind := keras.Snake(kind(l))
	t[kind]++
	if n := t[kind] - 1; n > 0 {
		return kind + "_" + strconv.Itoa(n)
	}
	return kind
}
