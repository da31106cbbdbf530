package data

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"
)

// An IDX file is: 00 00, the element type (08, unsigned bytes), the number of
// dimensions, the dimensions as big-endian uint32, and the elements, row-major.
// See http://yann.lecun.com/exdb/mnist. This file reads images (N,H,W) or
// (N,H,W,C) and labels (N) from any reader; opening, decompressing and hashing
// are file.go's.

// What a header may promise. EMNIST's largest split, of 697,932 images, needs an
// eighth of maxBytes.
const (
	maxRows  = 1 << 28
	maxSide  = 4096
	maxBytes = 1 << 32

	// firstRead is the memory taken on the word of a header alone. From there it
	// doubles as the bytes arrive.
	firstRead = 64 << 10
)

// kind is what a file is expected to hold.
type kind string

const (
	images kind = "image"
	labels kind = "label"
)

// header is what an IDX file promises: rows of height·width·channels bytes. A
// label is a row of 1·1·1.
type header struct {
	rows, height, width, channels int
	size                          int64 // of the header itself
}

func (h header) rowSize() int { return h.height * h.width * h.channels }

// readIDX reads one whole file: header, elements, end. Errors are FileErrors
// without a path.
func readIDX(r io.Reader, k kind) (header, []uint8, error) {
	h, err := readHeader(r, k)
	if err != nil {
		return header{}, nil, err
	}
	body, err := readBody(r, h, k)
	if err != nil {
		return header{}, nil, err
	}
	return h, body, nil
}

// readHeader reads and checks everything before the elements.
func readHeader(r io.Reader, k kind) (header, error) {
	var magic [4]byte
	if n, err := io.ReadFull(r, magic[:]); err != nil {
		return header{}, streamError(0, err, fmt.Sprintf("file ends after %d bytes, 4 bytes of magic expected (truncated?)", n))
	}
	if err := checkMagic(magic, k); err != nil {
		return header{}, err
	}
	dims := make([]uint64, magic[3])
	for i := range dims {
		var word [4]byte
		offset := int64(4 + 4*i)
		if n, err := io.ReadFull(r, word[:]); err != nil {
			return header{}, streamError(offset, err, fmt.Sprintf("file ends inside the header: %d of 4 bytes of dimension %d of %d found (truncated?)", n, i+1, len(dims)))
		}
		dims[i] = uint64(binary.BigEndian.Uint32(word[:]))
	}
	return checkDims(dims, k)
}

// checkMagic accepts 00 00 08 01 for labels, 00 00 08 03 and 00 00 08 04 for images.
func checkMagic(m [4]byte, k kind) error {
	isLabels := m == [4]byte{0, 0, 8, 1}
	isImages := m == [4]byte{0, 0, 8, 3} || m == [4]byte{0, 0, 8, 4}
	switch {
	case k == images && isImages, k == labels && isLabels:
		return nil
	case k == images && isLabels:
		return formatError(0, "is a label file where an image file was expected")
	case k == labels && isImages:
		return formatError(0, "is an image file where a label file was expected")
	case m[0] != 0 || m[1] != 0:
		return formatError(0, "magic is % x (%q), expected 00 00 08 %s of an IDX %s file, or gzip's 1f 8b", m[:], m[:], dimBytes(k), k)
	case m[2] != 8:
		return formatError(2, "element type is 0x%02x, expected 0x08 (unsigned bytes)", m[2])
	}
	return formatError(3, "%d dimensions found, expected %s in a file of %ss", m[3], dimBytes(k), k)
}

// dimBytes says which numbers of dimensions a kind may have.
func dimBytes(k kind) string {
	if k == labels {
		return "01"
	}
	return "03 or 04"
}

// checkDims holds the dimensions against the limits, before any memory is taken
// for what they promise. Their product cannot wrap: each is limited first, and
// the product is taken in 128 bits.
func checkDims(dims []uint64, k kind) (header, error) {
	limits := []struct {
		name string
		max  uint64
	}{{string(k) + " count", maxRows}, {"height", maxSide}, {"width", maxSide}, {"channels", 3}}
	total := uint64(1)
	for i, d := range dims {
		offset := int64(4 + 4*i)
		if d < 1 || d > limits[i].max {
			return header{}, formatError(offset, "%s is %d, expected 1 to %d", limits[i].name, d, limits[i].max)
		}
		if limits[i].name == "channels" && d == 2 {
			return header{}, formatError(offset, "channels is 2, expected 1 or 3")
		}
		hi, lo := bits.Mul64(total, d)
		if limit := uint64(min(maxBytes, math.MaxInt)); hi != 0 || lo > limit {
			return header{}, formatError(4, "shape %d promises more than the limit of %d bytes", dims, limit)
		}
		total = lo
	}
	one := [4]int{1, 1, 1, 1}
	for i, d := range dims {
		one[i] = int(d)
	}
	return header{one[0], one[1], one[2], one[3], int64(4 + 4*len(dims))}, nil
}

// readBody reads exactly the promised bytes and then the end of the input, which
// is where gzip's checksum is verified. Memory grows with what has arrived: at
// most twice that, plus firstRead. A stream that goes on, as a gzip bomb does,
// is left at its first byte too many.
func readBody(r io.Reader, h header, k kind) ([]uint8, error) {
	total := h.rows * h.rowSize()
	body := make([]uint8, min(total, firstRead))
	for n := 0; ; {
		m, err := io.ReadFull(r, body[n:])
		n += m
		if err != nil {
			return nil, bodyError(h, k, n, err)
		}
		if n == total {
			break
		}
		grown := make([]uint8, grownSize(n, total))
		copy(grown, body)
		body = grown
	}
	return body, readEnd(r, h, k)
}

// grownSize doubles n, up to total, without passing the largest int.
func grownSize(n, total int) int {
	if n > total/2 {
		return total
	}
	return 2 * n
}

// bodyError tells a short file from a broken stream. The short file is named at
// the count that it breaks, the broken stream where it broke.
func bodyError(h header, k kind, n int, err error) error {
	offset := h.size + int64(n)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		offset = 4
	}
	text := fmt.Sprintf("%d %ss promised, %d found (truncated?)", h.rows, k, n/h.rowSize())
	return streamError(offset, err, text)
}

// readEnd expects the end of the input.
func readEnd(r io.Reader, h header, k kind) error {
	offset := h.size + int64(h.rows)*int64(h.rowSize())
	var extra [1]byte
	n, err := io.ReadFull(r, extra[:])
	switch {
	case n == 1:
		return formatError(offset, "bytes found after the last of %d %ss, expected the end of the file", h.rows, k)
	case err == io.EOF:
		return nil
	}
	return streamError(offset, err, "gzip stream ends before its checksum (truncated?)")
}
