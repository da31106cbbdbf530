package hdf5

import (
	"bytes"
	"fmt"
)

// links are the addresses of a group's B-tree and of the heap with its names.
type links struct {
	tree, heap uint64
}

// member is a named object of a group.
type member struct {
	name    string
	address uint64
}

// members lists a group, in the order of the names.
func (r *reader) members(l links) ([]member, error) {
	c, err := r.structure(l.heap, "HEAP", 0, 32)
	if err != nil {
		return nil, err
	}
	c.skip(3)
	size := c.uint(8)
	c.skip(8) // free list
	heap, err := r.at(c.uint(8), size)
	if err != nil {
		return nil, fmt.Errorf("heap of names: %w", err)
	}
	return r.tree(l.tree, heap, nil, -1)
}

// tree appends the members below a node of a B-tree; level is the one that the
// node above asks for, -1 at the top. The levels go down to 0, and so does the
// recursion.
func (r *reader) tree(address uint64, heap []byte, list []member, level int) ([]member, error) {
	const head, pair = 24, 16
	c, err := r.structure(address, "TREE", 0, head) // 0: of a group
	if err != nil {
		return nil, err
	}
	found, used := int(c.uint(1)), c.uint(2)
	if level >= 0 && found != level || found > mostGroups {
		return nil, fmt.Errorf("offset %d: found level %d of a B-tree, expected %d", address, found, max(level, 0))
	}
	body, err := r.at(address+head, used*pair)
	if err != nil {
		return nil, err
	}
	pairs := &cursor{rest: body}
	for range used {
		pairs.skip(8) // a key
		child := pairs.uint(8)
		if found > 0 {
			list, err = r.tree(child, heap, list, found-1)
		} else {
			list, err = r.symbols(child, heap, list)
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// symbols appends the members of a leaf.
func (r *reader) symbols(address uint64, heap []byte, list []member) ([]member, error) {
	const head, entry = 8, 40
	c, err := r.structure(address, "SNOD", 1, head)
	if err != nil {
		return nil, err
	}
	c.skip(1)
	n := c.uint(2)
	body, err := r.at(address+head, n*entry)
	if err != nil {
		return nil, err
	}
	entries := &cursor{rest: body}
	for range n {
		if err := r.step(); err != nil {
			return nil, err
		}
		name, err := nameAt(heap, entries.uint(8))
		if err != nil {
			return nil, fmt.Errorf("offset %d: %w", address, err)
		}
		if i := len(list) - 1; i >= 0 && name <= list[i].name {
			return nil, fmt.Errorf("offset %d: found %q behind %q, expected names in order, each once", address, name, list[i].name)
		}
		list = append(list, member{name, entries.uint(8)})
		if kind := entries.uint(4); kind > 1 {
			return nil, fmt.Errorf("offset %d: found %q to be a link to a path, expected an object", address, name)
		}
		entries.skip(4 + 16)
	}
	return list, nil
}

// nameAt reads a name of the heap, which ends with a zero.
func nameAt(heap []byte, offset uint64) (string, error) {
	if offset >= uint64(len(heap)) {
		return "", fmt.Errorf("found a name at %d of a heap of %d bytes", offset, len(heap))
	}
	text := heap[offset:]
	text = text[:min(len(text), mostName+1)]
	end := bytes.IndexByte(text, 0)
	if end <= 0 {
		return "", fmt.Errorf("found no name of 1 to %d bytes at %d of the heap", mostName, offset)
	}
	return string(text[:end]), nil
}
