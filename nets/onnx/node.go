package onnx

import (
	"encoding/binary"
	"math"
)

// node is a NodeProto to be.
type node struct {
	op, name        string
	inputs, outputs []Value
	attributes      []Attribute
	shared          bool // whether any layer may read what it makes
}

func (n node) proto() (m message) {
	for _, input := range n.inputs {
		m.string(1, string(input))
	}
	for _, output := range n.outputs {
		m.string(2, string(output))
	}
	m.string(3, n.name)
	m.string(4, n.op)
	for _, a := range n.attributes {
		m.message(5, a.proto)
	}
	return m
}

// Attribute is a setting of a node.
type Attribute struct{ proto message }

// The fields of an AttributeProto, and its types.
const (
	fieldFloat, fieldInt, fieldString, fieldFloats, fieldInts, fieldStrings, fieldType = 2, 3, 4, 7, 8, 9, 20

	typeFloat, typeInt, typeString, typeFloats, typeInts, typeStrings = 1, 2, 3, 6, 7, 8
)

// attribute makes one, with what add adds for its value.
func attribute(name string, kind int, add func(*message)) Attribute {
	var m message
	m.string(1, name)
	add(&m)
	m.int(fieldType, kind)
	return Attribute{m}
}

// Int is an attribute of a whole number.
func Int(name string, v int) Attribute {
	return attribute(name, typeInt, func(m *message) { m.int(fieldInt, v) })
}

// Ints is an attribute of whole numbers.
func Ints(name string, list ...int) Attribute {
	return attribute(name, typeInts, func(m *message) {
		for _, v := range list {
			m.int(fieldInts, v)
		}
	})
}

// Float is an attribute of a number.
func Float(name string, v float32) Attribute {
	return attribute(name, typeFloat, func(m *message) { m.float(fieldFloat, v) })
}

// Floats is an attribute of numbers.
func Floats(name string, list ...float32) Attribute {
	return attribute(name, typeFloats, func(m *message) {
		for _, v := range list {
			m.float(fieldFloats, v)
		}
	})
}

// String is an attribute of a text.
func String(name, v string) Attribute {
	return attribute(name, typeString, func(m *message) { m.string(fieldString, v) })
}

// Strings is an attribute of texts.
func Strings(name string, list ...string) Attribute {
	return attribute(name, typeStrings, func(m *message) {
		for _, v := range list {
			m.string(fieldStrings, v)
		}
	})
}

// ONNX's numbers for element types.
const (
	float  = 1
	int64s = 7
)

// floats is a TensorProto of float32.
func floats(name string, t Tensor) message {
	raw := make([]byte, 0, 4*len(t.Values))
	for _, v := range t.Values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return tensorProto(name, float, raw, t.Shape)
}

// integers is a TensorProto of int64.
func integers(name string, values []int) message {
	raw := make([]byte, 0, 8*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	return tensorProto(name, int64s, raw, []int{len(values)})
}

func tensorProto(name string, kind int, raw []byte, shape []int) (t message) {
	for _, size := range shape {
		t.int(1, size)
	}
	t.int(2, kind)
	t.string(8, name)
	t.bytes(9, raw)
	return t
}
