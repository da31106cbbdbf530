package onnx

import (
	"reflect"

	"stheno/nets"
)

// writers are how the layers of package nets are written, by their types.
var writers = make(map[reflect.Type]func(*Graph, nets.Layer) error)

// writes makes it known how a layer is written; the file that does it calls it as the
// program starts.
func writes[L nets.Layer](write func(*Graph, L) error) {
	writers[reflect.TypeFor[L]()] = func(g *Graph, l nets.Layer) error { return write(g, l.(L)) }
}

// known is how a layer of package nets is written; nil for others, and for those that
// embed one of these, for whatever they do besides.
func known(l nets.Layer) func(*Graph) error {
	v := reflect.Indirect(reflect.ValueOf(l))
	write := writers[v.Type()]
	if write == nil {
		return nil
	}
	return func(g *Graph) error { return write(g, v.Interface().(nets.Layer)) }
}
