package nets

import (
	"fmt"
	"reflect"
)

// Network is a network on paper: its layers, each after the one before it or where its
// [At] says, and the images that it takes. It has one input, and one output, that of
// the last layer in the list.
type Network struct {
	Name   string
	Input  [3]int // height, width and channels of an image
	Layers []Layer
	Frozen []string // names of layers that are not trained, as weights have them, "conv2d": see Freeze
}

// WithDropout is the network with a Dropout of a rate where Keras's examples
// mnist_mlp and mnist_cnn have one: before each Dense layer but one that sees
// the images themselves. A Dropout that stands there already gets the rate. A rate of
// zero changes nothing; no rate adds weights.
func (n Network) WithDropout(rate float64) Network {
	if rate == 0 {
		return n
	}
	layers, learnt := []Layer(nil), false // whether a layer before has weights
	for _, l := range n.Layers {
		_, dense := settings(l).(Dense)
		if dense && learnt {
			layers, l = dropBefore(layers, l, rate)
		}
		learnt = learnt || dense || convolves(l)
		layers = append(layers, l)
	}
	n.Layers = layers
	return n
}

// convolves says whether a layer is a convolution.
func convolves(l Layer) bool {
	switch settings(l).(type) {
	case Conv2D, DepthwiseConv2D, SeparableConv2D:
		return true
	}
	return false
}

// dropBefore adds a Dropout to layers in the place of the layer that will follow, or gives
// one that stands there the rate; and returns that layer, in the place behind it.
func dropBefore(layers []Layer, next Layer, rate float64) ([]Layer, Layer) {
	last := len(layers) - 1
	before, isAt := layers[last].(At)
	at, placed := next.(At)
	_, drops := settings(layers[last]).(Dropout)
	switch {
	case drops && at.After == nil && isAt:
		before.Layer = Dropout{Rate: rate}
		layers[last] = before
	case drops && at.After == nil:
		layers[last] = Dropout{Rate: rate}
	case at.After == nil:
		layers = append(layers, Dropout{Rate: rate})
	default:
		layers = append(layers, At{Layer: Dropout{Rate: rate}, After: at.After})
	}
	if placed {
		at.After = nil
		next = at
	}
	return layers, next
}

// kind is the class of a layer, or of a loss: Keras's name of it, or its type's;
// Layer for one without.
func kind(l any) string {
	if at, ok := l.(At); ok {
		return kind(at.Layer)
	}
	t := reflect.TypeOf(l)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Name() == "" {
		return "Layer"
	}
	if class, ok := kerasNames[t]; ok {
		return class
	}
	return t.Name()
}

// settings is a layer without its place, or what a pointer to one points at.
func settings(l Layer) any {
	l = plain(l)
	if v := reflect.ValueOf(l); v.Kind() == reflect.Pointer && !v.IsNil() {
		return v.Elem().Interface()
	}
	return l
}

// isNil says whether l is nil, or holds a nil pointer.
func isNil(l Layer) bool {
	l = plain(l)
	v := reflect.ValueOf(l)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}

// check says what keeps a network from being built.
func (n Network) check() error {
	if len(n.Layers) == 0 {
		return fmt.Errorf("nets: %s: has no layers", n.Name)
	}
	steps, err := n.steps()
	if err != nil {
		return err
	}
	if last := steps[len(steps)-1]; isSoftmax(last.layer) {
		return fmt.Errorf("nets: %s: layer %s at its end is a softmax: leave it out, the loss and prediction have one of their own", n.Name, last.name)
	}
	return n.checkFrozen()
}
