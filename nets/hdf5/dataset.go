package hdf5

import (
	"bytes"
	"fmt"
	"math/bits"
)

// dataset reads an object with elements.
func (r *reader) dataset(o *object) (Dataset, error) {
	if o.space == nil || o.dataType == nil || o.place == nil {
		return Dataset{}, fmt.Errorf("offset %d: found neither a group nor a dataset with shape, type and place", o.address)
	}
	dtype, width, err := parseType(o.dataType)
	if err != nil {
		return Dataset{}, err
	}
	shape, n, err := parseSpace(o.space, uint64(len(r.file)))
	if err != nil {
		return Dataset{}, err
	}
	data, err := r.elements(o.place)
	if err != nil {
		return Dataset{}, err
	}
	if high, want := bits.Mul64(n, width); high != 0 || want != uint64(len(data)) {
		return Dataset{}, fmt.Errorf("found %d bytes, but %s %v takes %d", len(data), dtype, shape, want)
	}
	return Dataset{DType: dtype, Shape: shape, Data: data}, nil
}

// parseSpace reads a shape, and the number of elements, which is most at most.
func parseSpace(message []byte, most uint64) (shape []int, n uint64, err error) {
	c := &cursor{rest: message}
	version, rank := c.uint(1), c.uint(1)
	c.skip(1)
	switch kind := c.uint(1); {
	case version == 1:
		c.skip(4)
	case version != 2:
		return nil, 0, fmt.Errorf("found a dataspace of version %d, expected 1 or 2", version)
	case kind > 1:
		return nil, 0, fmt.Errorf("found a dataspace without elements, expected numbers")
	}
	shape, n = []int{}, 1
	for range rank {
		dim := c.uint(8)
		high, low := bits.Mul64(n, dim)
		if high != 0 || low > most || dim > most {
			return nil, 0, fmt.Errorf("found the shape %v and then %d, expected one that fits into the file of %d bytes", shape, dim, most)
		}
		shape, n = append(shape, int(dim)), low
	}
	if c.short {
		return nil, 0, fmt.Errorf("found a dataspace that ends before its %d dimensions", rank)
	}
	return shape, n, nil
}

// floats are the datatype messages of IEEE's little-endian numbers, behind class
// and version: bit fields and size, bit offset and precision, where exponent and
// mantissa stand and how long they are, bias.
var floats = map[string][]byte{
	"F16": {0x20, 15, 0, 2, 0, 0, 0, 0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0},
	"F32": {0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0},
	"F64": {0x20, 63, 0, 8, 0, 0, 0, 0, 0, 64, 0, 52, 11, 0, 52, 0xff, 3, 0, 0},
}

var classes = []string{"integer", "floating-point", "time", "string", "bit-field", "opaque", "compound", "reference", "enumeration", "variable-length", "array"}

// parseType names an element type, and says how many bytes an element has.
func parseType(message []byte) (dtype string, width uint64, err error) {
	c := &cursor{rest: message}
	class := c.uint(1) & 15
	field := c.rest
	flags := c.uint(3)
	width = c.uint(4)
	if c.short || class >= uint64(len(classes)) {
		return "", 0, fmt.Errorf("found the class %d of element types, expected 0 to %d", class, len(classes)-1)
	}
	const bigEndian, signed = 1, 8
	for name, bytesOf := range floats {
		if class == 1 && bytes.HasPrefix(field, bytesOf) {
			return name, width, nil
		}
	}
	if sign := "U"; class == 0 && flags&bigEndian == 0 && width <= 8 {
		if flags&signed != 0 {
			sign = "I"
		}
		return fmt.Sprintf("%s%d", sign, 8*width), width, nil
	}
	return fmt.Sprintf("%s of %d bytes", classes[class], width), width, nil
}

// elements returns a dataset's bytes by its layout message.
func (r *reader) elements(message []byte) ([]byte, error) {
	const compact, contiguous = 0, 1
	c := &cursor{rest: message}
	version, class := c.uint(1), c.uint(1)
	switch {
	case version != 3 && version != 4:
		return nil, fmt.Errorf("found a layout of version %d, expected 3 or 4", version)
	case class == compact:
		data := c.take(int(c.uint(2)))
		if c.short {
			return nil, fmt.Errorf("found compact data that are longer than their message")
		}
		return data, nil
	case class != contiguous:
		return nil, fmt.Errorf("found a layout of class %d, such as chunks, expected the elements in one piece", class)
	}
	address, size := c.uint(8), c.uint(8)
	if address == nowhere {
		if size != 0 {
			return nil, fmt.Errorf("found no elements, expected %d bytes: they were never written", size)
		}
		return nil, nil
	}
	return r.at(address, size)
}
