package hdf5

import (
	"encoding/binary"
	"fmt"
)

// reader reads one file. It spends a step for every structure, message and link,
// and visits no object twice, so that no file can keep it busy.
type reader struct {
	file  []byte
	steps int
	seen  map[uint64]bool // addresses of objects
	list  []Dataset
}

func (r *reader) step() error {
	if r.steps++; r.steps > mostSteps {
		return fmt.Errorf("found more than %d structures, expected a model's weights", mostSteps)
	}
	return nil
}

// at returns n bytes of the file.
func (r *reader) at(offset, n uint64) ([]byte, error) {
	size := uint64(len(r.file))
	if offset > size || n > size-offset {
		return nil, fmt.Errorf("offset %d: found the end of the file at %d, expected %d bytes", offset, size, n)
	}
	return r.file[offset : offset+n : offset+n], nil
}

// structure returns a cursor behind the four letters and the version that a
// structure of so many bytes begins with.
func (r *reader) structure(offset uint64, letters string, version byte, n uint64) (*cursor, error) {
	if err := r.step(); err != nil {
		return nil, err
	}
	b, err := r.at(offset, n)
	if err != nil {
		return nil, err
	}
	if string(b[:4]) != letters || b[4] != version {
		return nil, fmt.Errorf("offset %d: found %q, expected %q", offset, b[:5], letters+string(rune(version)))
	}
	return &cursor{rest: b[5:]}, nil
}

// superblock returns the address of the group at the top.
func (r *reader) superblock() (root uint64, err error) {
	const size = 96
	switch {
	case !Is(r.file):
		return 0, fmt.Errorf("offset 0: found %q, expected the signature of HDF5", r.file[:min(8, len(r.file))])
	case len(r.file) < size:
		return 0, fmt.Errorf("offset 8: found a file of %d bytes, expected the %d of a superblock", len(r.file), size)
	case r.file[8] != 0:
		return 0, fmt.Errorf("offset 8: found a superblock of version %d, expected 0, which h5py writes by default", r.file[8])
	case r.file[13] != 8 || r.file[14] != 8:
		return 0, fmt.Errorf("offset 13: found offsets of %d bytes and lengths of %d, expected 8", r.file[13], r.file[14])
	}
	c := &cursor{rest: r.file[24:size]}
	base := c.uint(8)
	c.skip(8) // free space
	end := c.uint(8)
	c.skip(8 + 8) // driver, name of the root
	root = c.uint(8)
	switch {
	case base != 0:
		return 0, fmt.Errorf("offset 24: found the base address %d, expected 0", base)
	case end != uint64(len(r.file)):
		return 0, fmt.Errorf("offset 40: found a file that ends at %d, expected the end at %d", len(r.file), end)
	}
	return root, nil
}

// cursor walks over a structure's bytes. Behind their end it reads zeros and is
// short.
type cursor struct {
	rest  []byte
	short bool
}

func (c *cursor) take(n int) []byte {
	if n > len(c.rest) {
		c.short, c.rest = true, nil
		return nil
	}
	b := c.rest[:n]
	c.rest = c.rest[n:]
	return b
}

func (c *cursor) skip(n int) { c.take(n) }

// uint reads a number of 1 to 8 bytes.
func (c *cursor) uint(n int) uint64 {
	var wide [8]byte
	copy(wide[:], c.take(n))
	return binary.LittleEndian.Uint64(wide[:])
}
