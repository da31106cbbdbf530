// Package safetensors reads and writes weight files in the safetensors format:
//
//	8 bytes      length n of the header, unsigned, little-endian
//	n bytes      header: a JSON object, padded with spaces
//	the rest     the tensors' bytes, little-endian, row-major, one after the other
//
// The header maps a tensor's name to {"dtype": "F32", "shape": [3, 4],
// "data_offsets": [0, 48]}, offsets counting from the first byte after the
// header, and "__metadata__" to an object of strings.
//
// Promises. The same input to [Write] gives the same bytes. [Read] accepts no
// file in which two readers could see two things: a key given twice, a hole, an
// overlap, a byte too many or too few are errors that name the file offset or the
// tensor and its field, what was found and what was expected, on one line. Any
// bytes at all are safe to read: no panic, no recursion, and memory in proportion
// to the bytes that really arrive, whatever the header claims. Reading runs no code.
//
// What the format cannot see: it has no checksum. A flipped bit in the data, in a
// name, in the metadata or in the shape of a tensor without elements, and a shape
// altered into another with the same product, read as what they now say. Keep a
// digest beside the file where that matters.
//
// A name may be any non-empty UTF-8 text but "__metadata__"; the empty name, which
// the reference implementation lets pass, is refused because no error could name it.
// Padding the header to a multiple of 8 is done by Write and not asked of others,
// since several writers leave it out.
//
// [github.com/nlpodyssey/safetensors] reads the same files; it is the oracle in the
// tests and not used here because it lets the last of two equal keys win, forgets
// the order and names no offsets.
package safetensors

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Tensor is one named array of a file.
type Tensor struct {
	Name  string
	DType string // "F32", "F64" or another of the format's element types
	Shape []int  // empty for a scalar
	Data  []byte // the elements, little-endian, row-major
}

const (
	lengthSize  = 8           // bytes of the header's length field
	headerLimit = 100_000_000 // bytes of header, the format's own cap
	metadataKey = "__metadata__"
)

// bitSize holds the bits of one element of every type the format knows.
var bitSize = map[string]uint64{
	"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
	"BOOL": 8, "U8": 8, "I8": 8,
	"F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
	"U16": 16, "I16": 16, "F16": 16, "BF16": 16,
	"U32": 32, "I32": 32, "F32": 32,
	"U64": 64, "I64": 64, "F64": 64, "C64": 64,
}

// byteSize returns the bytes that a tensor of this type and shape takes.
//
// Sizes of zero do not excuse the others: (0, 2^40, 2^40) is refused, because who
// multiplies from the right would wrap around before meeting the zero.
func byteSize(dtype string, shape []int) (uint64, error) {
	width, known := bitSize[dtype]
	if !known {
		return 0, fmt.Errorf("dtype: found %s, expected one of the format's types such as F32", clip(dtype))
	}
	total, empty := width, false
	for _, n := range shape {
		if n < 0 {
			return 0, fmt.Errorf("shape: found the size %d, expected 0 or more", n)
		}
		if n == 0 {
			empty = true
			continue
		}
		high, low := bits.Mul64(total, uint64(n))
		if high != 0 || low > math.MaxInt64 {
			return 0, fmt.Errorf("shape: found %s, expected a product below 2^63 bits of %s", show(shape), dtype)
		}
		total = low
	}
	if empty {
		return 0, nil
	}
	if total%8 != 0 {
		return 0, fmt.Errorf("shape: %s %s takes %d bits, expected whole bytes", dtype, show(shape), total)
	}
	return total / 8, nil
}

// show writes a shape as "(3, 4)", a long one cut short.
func show(shape []int) string {
	const most = 8
	var b strings.Builder
	for i, n := range shape {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == most {
			fmt.Fprintf(&b, "... %d sizes", len(shape))
			break
		}
		b.WriteString(strconv.Itoa(n))
	}
	return "(" + b.String() + ")"
}

// clip quotes text from a file so that an error stays one line of bearable length.
func clip(s string) string {
	const most = 60
	if len(s) > most {
		return strconv.Quote(s[:most]) + "..."
	}
	return strconv.Quote(s)
}
