package onnx

import (
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// message is a protobuf message that is being written, in pieces, so that a
// tensor's bytes are not copied from level to level.
type message struct {
	pieces [][]byte
	size   int
}

func (m *message) add(piece []byte) {
	m.pieces = append(m.pieces, piece)
	m.size += len(piece)
}

func (m *message) head(field protowire.Number, length int) {
	m.add(protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.BytesType), uint64(length)))
}

// int adds an integer or, called again with the same field, one to a list.
// Lists are not packed, as in ONNX's own files.
func (m *message) int(field protowire.Number, v int) {
	m.add(protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), uint64(v)))
}

// float adds a number of 32 bits or, as int, one to a list.
func (m *message) float(field protowire.Number, v float32) {
	m.add(protowire.AppendFixed32(protowire.AppendTag(nil, field, protowire.Fixed32Type), math.Float32bits(v)))
}

func (m *message) string(field protowire.Number, s string) { m.bytes(field, []byte(s)) }

func (m *message) bytes(field protowire.Number, b []byte) {
	m.head(field, len(b))
	m.add(b)
}

func (m *message) message(field protowire.Number, sub message) {
	m.head(field, sub.size)
	m.pieces = append(m.pieces, sub.pieces...)
	m.size += sub.size
}

func (m *message) write(w io.Writer) error {
	for _, piece := range m.pieces {
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
	return nil
}
