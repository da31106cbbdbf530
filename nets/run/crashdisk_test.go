package run_test

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"stheno/nets/internal/disk"
)

// recordCalls writes down what is done in a folder, and below it, while work runs.
func recordCalls(t *testing.T, folder string, work func()) (ops []disk.Op) {
	t.Helper()
	var mutex sync.Mutex
	stop := disk.Watch(func(op disk.Op) {
		mutex.Lock()
		defer mutex.Unlock()
		if op.Path == folder || strings.HasPrefix(op.Path, folder+string(filepath.Separator)) {
			op.Data = bytes.Clone(op.Data)
			ops = append(ops, op)
		}
	})
	defer stop()
	work()
	return ops
}

// inode is a file, or a folder, beside its names.
type inode struct {
	data   []byte
	synced bool // whether data is on the disk; what is not may be there in part
	folder bool
}

// edit is a change of one name in a folder.
type edit struct {
	name string
	to   *inode // nil takes the name away
}

// crashDisk is a folder on a disk that keeps as little as it is bound to, and the
// folders below it. What was written and not synced may be there, or not, or in
// part. Names may have changed or not, each by itself and in any order, until their
// folder is synced; a rename is two of them, of which the new name comes by itself
// or not at all. Names are paths from the folder.
type crashDisk struct {
	root    string
	names   map[string]*inode // on the disk
	pending []edit            // not yet
	open    map[string]*inode // by the name at creation
}

// name is a path from the folder.
func (d *crashDisk) name(path string) string {
	name, err := filepath.Rel(d.root, path)
	if err != nil {
		panic(err)
	}
	return name
}

// apply makes one call.
func (d *crashDisk) apply(op disk.Op) {
	name := d.name(op.Path)
	switch op.Name {
	case "create":
		d.open[name] = &inode{}
		d.pending = append(d.pending, edit{name, d.open[name]})
	case "mkdir":
		d.pending = append(d.pending, edit{name, &inode{folder: true, synced: true}})
	case "write":
		d.open[name].data = append(d.open[name].data, op.Data...)
		d.open[name].synced = false
	case "sync":
		d.open[name].synced = true
	case "rename":
		d.pending = append(d.pending, edit{d.name(op.To), d.open[name]}, edit{name, nil})
	case "remove":
		d.pending = append(d.pending, edit{name, nil})
	case "sync folder":
		here := func(e edit) bool { return filepath.Dir(e.name) == name }
		these := 0
		for i, e := range d.pending {
			if here(e) {
				these |= 1 << i
			}
		}
		d.names = d.after(these)
		d.pending = slices.DeleteFunc(d.pending, here)
	}
}

// after are the names if these of the pending edits have reached the disk.
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
		maps.DeleteFunc(names, func(name string, _ *inode) bool { // what is in a folder that has no name
			dir := filepath.Dir(name)
			return dir != "." && names[dir] == nil
		})
		folder := make(map[string][]byte)
		for name, file := range names {
			folder[name] = file.data
			if file.folder {
				folder[name+"/"] = nil
				delete(folder, name)
			}
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
