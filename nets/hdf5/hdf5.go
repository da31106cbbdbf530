// Package hdf5 reads the datasets of HDF5 files as h5py writes them when it is
// asked for nothing else, and so Keras: a superblock of version 0, groups that
// are symbol tables, and datasets whose elements stand in one piece.
//
// Not read, and said so in the error: the newer forms of groups and headers
// (libver="latest"), datasets in chunks or compressed, links that are paths,
// user blocks. Attributes are passed over.
//
// Promises. Any bytes at all are safe to read: no panic, a bounded depth of
// recursion, and at most 65,536 steps, whatever the file claims. Nothing is
// allocated by a size that the file claims: the elements of a dataset are a part
// of the file's own bytes. Every error names the offset of what is wrong, or the
// dataset.
//
// What the format cannot see: these files have no checksum. A bit that flips in
// the elements reads as what it now says.
//
// The format is the HDF5 Group's File Format Specification, version 3.0. We have
// a reader of our own because github.com/scigolib/hdf5 v0.13.20, which reads much
// more, cannot be held to bounds from outside: a heap that claims 2^44 bytes, or
// a header that goes on in itself, ends the process with "out of memory", which
// nothing recovers.
package hdf5

import (
	"bytes"
	"fmt"
	"slices"
)

// Dataset is one named array of a file.
type Dataset struct {
	Path  string // such as layers/dense/vars/0
	DType string // F16, F32, F64, I32, U8 and so on, all little-endian, or a description of another type
	Shape []int  // empty for a scalar
	Data  []byte // the elements, row-major; a part of the file
}

const (
	signature  = "\x89HDF\r\n\x1a\n"
	mostSteps  = 1 << 16
	mostGroups = 16  // within each other
	mostName   = 255 // bytes
	nowhere    = 1<<64 - 1
)

// Is says whether a file begins as HDF5 files do.
func Is(file []byte) bool { return bytes.HasPrefix(file, []byte(signature)) }

// Read reads all datasets of the group at the top of the file that has this
// name, and of the groups in it, in the file's order, which is that of their names.
// Their Data are parts of file. Every error begins with "hdf5: ".
func Read(file []byte, group string) ([]Dataset, error) {
	r := &reader{file: file, seen: make(map[uint64]bool)}
	list, err := r.read(group)
	if err != nil {
		return nil, fmt.Errorf("hdf5: %w", err)
	}
	return list, nil
}

// Top lists what stands at the top of the file. Every error begins with "hdf5: ".
func Top(file []byte) ([]string, error) {
	r := &reader{file: file, seen: make(map[uint64]bool)}
	members, err := r.top()
	if err != nil {
		return nil, fmt.Errorf("hdf5: %w", err)
	}
	list := make([]string, len(members))
	for i, m := range members {
		list[i] = m.name
	}
	return list, nil
}

// top lists the group at the top.
func (r *reader) top() ([]member, error) {
	root, err := r.superblock()
	if err != nil {
		return nil, err
	}
	top, err := r.object(root)
	if err != nil {
		return nil, err
	}
	if top.links == nil {
		return nil, fmt.Errorf("offset %d: found a dataset, expected the group at the top", root)
	}
	return r.members(*top.links)
}

func (r *reader) read(group string) ([]Dataset, error) {
	members, err := r.top()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(members, func(m member) bool { return m.name == group })
	if i < 0 {
		return nil, fmt.Errorf("found no group %.64q at the top, but %s", group, names(members))
	}
	err = r.walk(members[i].address, group, mostGroups)
	return r.list, err
}

// walk appends the dataset that stands at an address, or all in the group there.
func (r *reader) walk(address uint64, path string, depth int) error {
	o, err := r.object(address)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if o.links == nil {
		dataset, err := r.dataset(o)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		dataset.Path = path
		r.list = append(r.list, dataset)
		return nil
	}
	if depth == 0 {
		return fmt.Errorf("%s: found more than %d groups within each other", path, mostGroups)
	}
	members, err := r.members(*o.links)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, m := range members {
		if err := r.walk(m.address, path+"/"+m.name, depth-1); err != nil {
			return err
		}
	}
	return nil
}

// names lists what a group has, for an error.
func names(members []member) string {
	if len(members) == 0 {
		return "nothing"
	}
	const most = 8
	var b bytes.Buffer
	for i, m := range members {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(members)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%.64q", m.name)
	}
	return b.String()
}
