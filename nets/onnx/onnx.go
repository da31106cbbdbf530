package onnx

import (
	"fmt"
	"io"
	"maps"
	"math"
	"runtime/debug"
	"slices"
	"strconv"
	"unicode/utf8"

	"stheno/nets"
)

// Versions of the format.
const (
	irVersion = 7
	opset     = 13
)

// Write writes the model for prediction. A model of float64 is written as
// float32, and a weight beyond float32's range refused. The same weights and
// meta give the same bytes.
//
// The file's metadata are meta, which may be nil, and the network's name, how
// many parameters and classes it has, under "network", "parameters" and
// "classes"; those are not meta's to set.
//
// Dense, Conv2D, Flatten and Dropout can be written, layers that are made of what
// can be written, and each [Layer]. Another one is an [*UnwritableError] that names it, and
// then nothing has been written.
func Write(w io.Writer, m *nets.Model, meta map[string]string) error {
	f, err := newFile(m)
	if err != nil {
		return err
	}
	props, err := properties(m, meta)
	if err != nil {
		return fmt.Errorf("onnx: %s: %w", m.Name, err)
	}
	var model message
	model.int(1, irVersion)
	model.string(2, "stheno")
	model.string(3, version())
	model.message(7, f.proto(m))
	var operators message
	operators.string(1, "") // ONNX's own
	operators.int(2, opset)
	model.message(8, operators)
	for _, p := range props {
		model.message(14, p)
	}
	if err := model.write(w); err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	return nil
}

// Check says what keeps a model from being written, before there is anything to lose.
func Check(m *nets.Model) error {
	_, err := newFile(m)
	return err
}

// properties are the file's metadata, sorted by key.
func properties(m *nets.Model, meta map[string]string) (list []message, err error) {
	all := map[string]string{}
	maps.Copy(all, meta)
	all["network"], all["parameters"], all["classes"] = m.Name, strconv.Itoa(m.Params()), strconv.Itoa(m.Classes)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if !utf8.ValidString(key) || !utf8.ValidString(all[key]) {
			return nil, fmt.Errorf("metadata %q: %q: is not UTF-8", key, all[key])
		}
		var p message
		p.string(1, key)
		p.string(2, all[key])
		list = append(list, p)
	}
	return list, nil
}

// version is that of this module in the program that runs, if its build knows.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range append(info.Deps, &info.Main) {
			if module.Path == "stheno" && module.Version != "" && module.Version != "(devel)" {
				return module.Version
			}
		}
	}
	return "devel"
}

// proto is the GraphProto of a model.
func (f *file) proto(m *nets.Model) (graph message) {
	for _, n := range f.nodes {
		graph.message(1, n.proto())
	}
	graph.string(2, m.Name)
	for _, t := range f.tensors {
		graph.message(5, t)
	}
	graph.message(11, valueInfo(image, m.Input[:]...))
	graph.message(12, valueInfo(logits, m.Classes))
	graph.message(12, valueInfo(probabilities, m.Classes))
	return graph
}

// valueInfo is the ValueInfoProto of N rows of a shape.
func valueInfo(name string, row ...int) message {
	var n, shape, tensor, kind, info message
	n.string(2, "N")
	shape.message(1, n)
	for _, size := range row {
		var d message
		d.int(1, size)
		shape.message(1, d)
	}
	tensor.int(1, float)
	tensor.message(2, shape)
	kind.message(1, tensor)
	info.string(1, name)
	info.message(2, kind)
	return info
}

// narrow is a weight as float32.
func narrow(w nets.Weight) ([]float32, error) {
	switch data := w.Value.Data().(type) {
	case []float32:
		return data, nil
	case []float64:
		out := make([]float32, len(data))
		for i, v := range data {
			out[i] = float32(v)
			if math.IsInf(float64(out[i]), 0) && !math.IsInf(v, 0) {
				return nil, fmt.Errorf("weight %q: %g at %d is beyond float32", w.Name, v, i)
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("weight %q: has elements of type %v", w.Name, w.Value.Dtype())
}
