package nets

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// Network is a network on paper: its layers, and the images that it takes.
type Network struct {
	Name   string
	Input  [3]int // height, width and channels of an image
	Layers []Layer
	Frozen []string // names of layers that are not trained, as weights have them, "conv2d": see Freeze
}

// WithDropout is the network with a Dropout of a rate where Keras's examples
// mnist_mlp and mnist_cnn have one: before each Dense layer but one that sees
// the images themselves. A rate of zero changes nothing; no rate adds weights.
func (n Network) WithDropout(rate float64) Network {
	if rate == 0 {
		return n
	}
	layers, learnt := []Layer(nil), false // whether a layer before has weights
	for _, l := range n.Layers {
		plain := settings(l)
		_, dense := plain.(Dense)
		if dense && learnt {
			layers = append(layers, Dropout{Rate: rate})
		}
		_, convolution := plain.(Conv2D)
		learnt = learnt || dense || convolution
		layers = append(layers, l)
	}
	n.Layers = layers
	return n
}

// names gives each layer Keras's name: its type's as snake writes it, from the
// second of a kind on with a number.
func names(layers []Layer) []string {
	given := make(taken)
	names := make([]string, len(layers))
	for i, l := range layers {
		names[i] = given.name(l)
	}
	return names
}

// taken counts the layers of each kind that have a name.
type taken map[string]int

func (t taken) name(l Layer) string {
	kind := snake(kind(l))
	t[kind]++
	if n := t[kind] - 1; n > 0 {
		return kind + "_" + strconv.Itoa(n)
	}
	return kind
}

// The places where snake puts a line, and what it leaves out: the brackets of a type
// with parameters.
var (
	word    = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	capital = regexp.MustCompile(`([a-z])([A-Z])`)
	mark    = regexp.MustCompile(`[^\pL\pN_]+`)
)

// snake writes a type's name in lower case as Keras's to_snake_case does: Conv2D is
// conv2d, LeakyReLU leaky_re_lu.
func snake(kind string) string {
	kind = word.ReplaceAllString(mark.ReplaceAllString(kind, ""), "${1}_$2")
	return strings.ToLower(capital.ReplaceAllString(kind, "${1}_$2"))
}

// kind is the name of a layer's type, or of a loss's; Layer for one without.
func kind(l any) string {
	t := reflect.TypeOf(l)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Name() == "" {
		return "Layer"
	}
	return t.Name()
}

// settings is a layer, or what a pointer to one points at.
func settings(l Layer) any {
	if v := reflect.ValueOf(l); v.Kind() == reflect.Pointer && !v.IsNil() {
		return v.Elem().Interface()
	}
	return l
}

// isNil says whether l is nil, or holds a nil pointer.
func isNil(l Layer) bool {
	v := reflect.ValueOf(l)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}

// check says what keeps a network from being built.
func (n Network) check() error {
	if len(n.Layers) == 0 {
		return fmt.Errorf("nets: %s: has no layers", n.Name)
	}
	for i, l := range n.Layers {
		if isNil(l) {
			return fmt.Errorf("nets: %s: layer %d of %d, %s, is nil", n.Name, i+1, len(n.Layers), names(n.Layers)[i])
		}
	}
	return n.checkFrozen()
}
