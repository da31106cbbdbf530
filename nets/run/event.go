package run

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// The fields of TensorFlow's Event, Summary and Summary.Value (event.proto,
// summary.proto) that an event file of scalars has.
const (
	eventWallTime    protowire.Number = 1 // double, seconds since 1970
	eventStep        protowire.Number = 2 // int64
	eventFileVersion protowire.Number = 3 // string, in the first event only
	eventSummary     protowire.Number = 5
	summaryValue     protowire.Number = 1 // repeated
	valueTag         protowire.Number = 1 // string
	valueSimple      protowire.Number = 2 // float
)

// scalar is a point of a curve.
type scalar struct {
	tag   string
	value float64
}

// appendVersion appends the record that an event file begins with.
func appendVersion(file []byte, now time.Time) []byte {
	event := appendWallTime(nil, now)
	event = protowire.AppendTag(event, eventFileVersion, protowire.BytesType)
	return appendRecord(file, protowire.AppendString(event, "brain.Event:2"))
}

// appendScalars appends the record of an event with the points of one step.
func appendScalars(file []byte, now time.Time, step int, points ...scalar) []byte {
	var summary []byte
	for _, p := range points {
		value := protowire.AppendTag(nil, valueTag, protowire.BytesType)
		value = protowire.AppendString(value, p.tag)
		value = protowire.AppendTag(value, valueSimple, protowire.Fixed32Type)
		value = protowire.AppendFixed32(value, math.Float32bits(float32(p.value)))
		summary = protowire.AppendTag(summary, summaryValue, protowire.BytesType)
		summary = protowire.AppendBytes(summary, value)
	}
	event := appendWallTime(nil, now)
	event = protowire.AppendTag(event, eventStep, protowire.VarintType)
	event = protowire.AppendVarint(event, uint64(step))
	event = protowire.AppendTag(event, eventSummary, protowire.BytesType)
	return appendRecord(file, protowire.AppendBytes(event, summary))
}

func appendWallTime(event []byte, now time.Time) []byte {
	event = protowire.AppendTag(event, eventWallTime, protowire.Fixed64Type)
	return protowire.AppendFixed64(event, math.Float64bits(float64(now.UnixMicro())/1e6))
}

// appendRecord frames an event as TFRecord does: length, checksum of the
// length, event, checksum of the event, all little endian.
func appendRecord(file, event []byte) []byte {
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(event)))
	file = append(file, length...)
	file = binary.LittleEndian.AppendUint32(file, maskedCRC(length))
	file = append(file, event...)
	return binary.LittleEndian.AppendUint32(file, maskedCRC(event))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedCRC is TFRecord's: rotated and moved, as a checksum of data that holds
// checksums is a weak one.
func maskedCRC(data []byte) uint32 {
	crc := crc32.Checksum(data, castagnoli)
	return (crc>>15 | crc<<17) + 0xa282ead8
}
