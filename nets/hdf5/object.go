package hdf5

import "fmt"

// object is what the messages of an object header say: a group has links, a
// dataset the others.
type object struct {
	address                uint64
	links                  *links
	space, dataType, place []byte
}

// The types of messages.
const (
	msgSpace    = 0x01
	msgType     = 0x03
	msgLayout   = 0x08
	msgFilters  = 0x0b
	msgContinue = 0x10
	msgLinks    = 0x11
)

// object reads an object header. Its messages stand behind it, and go on in
// blocks elsewhere.
func (r *reader) object(address uint64) (*object, error) {
	if r.seen[address] {
		return nil, fmt.Errorf("offset %d: found an object again, expected each once", address)
	}
	r.seen[address] = true
	const head = 16
	b, err := r.at(address, head)
	if err != nil {
		return nil, err
	}
	if b[0] != 1 {
		return nil, fmt.Errorf("offset %d: found %q, expected an object header of version 1, which h5py writes by default", address, b[:4])
	}
	c := &cursor{rest: b[8:]}
	type block struct{ address, size uint64 }
	blocks := []block{{address + head, c.uint(4)}}
	o := &object{address: address}
	for ; len(blocks) > 0; blocks = blocks[1:] {
		body, err := r.at(blocks[0].address, blocks[0].size)
		if err != nil {
			return nil, err
		}
		for messages := (&cursor{rest: body}); len(messages.rest) > 0; {
			if err := r.step(); err != nil {
				return nil, err
			}
			kind, size, flags := messages.uint(2), int(messages.uint(2)), messages.uint(1)
			messages.skip(3)
			data := messages.take(size)
			if messages.short {
				return nil, fmt.Errorf("offset %d: found a message that is longer than its block", blocks[0].address)
			}
			if kind == msgContinue {
				next := &cursor{rest: data}
				blocks = append(blocks, block{next.uint(8), next.uint(8)})
				continue
			}
			if err := o.hear(kind, flags, data); err != nil {
				return nil, fmt.Errorf("offset %d: %w", address, err)
			}
		}
	}
	return o, nil
}

// hear takes what matters in a message.
func (o *object) hear(kind, flags uint64, data []byte) error {
	const shared = 2
	switch kind {
	case msgSpace:
		o.space = data
	case msgType:
		o.dataType = data
	case msgLayout:
		o.place = data
	case msgLinks:
		c := &cursor{rest: data}
		o.links = &links{c.uint(8), c.uint(8)}
	case msgFilters:
		return fmt.Errorf("found compressed data, expected plain")
	default:
		return nil
	}
	if flags&shared != 0 {
		return fmt.Errorf("found a message of type %d that stands elsewhere in the file, expected it here", kind)
	}
	return nil
}
