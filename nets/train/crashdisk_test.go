package train_test

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"stheno/nets/internal/disk"
)

// recordCalls writes down what is done in a folder while work runs.
func recordCalls(t *testing.T, folder string, work func()) (ops []disk.Op) {
	t.Helper()
	var mutex sync.Mutex
	stop := disk.Watch(func(op disk.Op) {
		mutex.Lock()
		defer mutex.Unlock()
		if op.Path == folder || filepath.Dir(op.Path) == folder {
			op.Data = bytes.Clone(op.Data)
			ops = append(ops, op)
		}
	})
	defer stop()
	work()
	return ops
}

// inode is a file beside its names.
type inode struct {
	data   []byte
	synced bool // whether data is on the disk; what is not may be there in part
}

// edit is a change of one name in a folder.
type edit struct {
	name string
	to   *inode // nil takes the name away
}

// crashDisk is a folder on a disk that keeps as little as it is bound to. What
// was written and not synced may be there, or not, or in part. Names may have
// changed or not, each by itself and in any order, until the folder is synced; a
// rename is two of them, of which the new name comes by itself or not at all.
type crashDisk struct {
	names   map[string]*inode // on the disk
	pending []edit            // not yet
	open    map[string]*inode // by the name at creation
}

// apply makes one call.
func (d *crashDisk) apply(op disk.Op) {
	name := filepath.Base(op.Path)
	switch op.Name {
	case "create":
		d.open[name] = &inode{}
		d.pending = append(d.pending, edit{name, d.open[name]})
	case "write":
		d.open[name].data = append(d.open[name].data, op.Data...)
		d.open[name].synced = false
	case "sync":
		d.open[name].synced = true
	case "rename":
		d.pending = append(d.pending, edit{filepath.Base(op.To), d.open[name]}, edit{name, nil})
	case "remove":
		d.pending = append(d.pending, edit{name, nil})
	case "sync folder":
		d.names = d.after(1<<len(d.pending) - 1)
		d.pending = nil
	}
}

// after is the folder if these of the pending edits have reached it.
func (d *crashDisk) after(these int) map[string]*inode {
	names := maps.Clone(d.names)
	for i, e := range d.pending {
		switch {
		case these&(1<<i) == 0:
		case e.to == nil:
			delete(names, e.name)
		default:
			names[e.name] = e.to
		}
	}
	return names
}

// crashes calls see with each folder that a crash may leave now.
func (d *crashDisk) crashes(see func(map[string][]byte)) {
	for these := range 1 << len(d.pending) {
		names := d.after(these)
		folder := make(map[string][]byte)
		for name, file := range names {
			folder[name] = file.data
		}
		see(folder)
		for name, file := range names {
			if file.synced {
				continue
			}
			for _, data := range tears(file.data) {
				folder[name] = data
				see(folder)
			}
			folder[name] = file.data
		}
	}
}

// tears are what may be left of data that is not synced: its first blocks alone,
// or with zeros behind them, zeros in one block, or only the last one.
func tears(data []byte) (list [][]byte) {
	const block = 4096
	zeroed := func(from, to int) []byte {
		part := bytes.Clone(data)
		clear(part[from:to])
		return part
	}
	for at := 0; at < len(data); at += block {
		end := min(at+block, len(data))
		list = append(list, data[:at], data[:(at+end)/2], zeroed(at, len(data)), zeroed(at, end), zeroed(0, at))
	}
	return list
}

// digest tells folders apart.
func digest(seed maphash.Seed, folder map[string][]byte) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, name := range slices.Sorted(maps.Keys(folder)) {
		fmt.Fprintf(&h, "%s %d ", name, len(folder[name]))
		h.Write(folder[name])
	}
	return h.Sum64()
}
