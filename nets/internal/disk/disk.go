// Package disk makes the calls of the operating system that bring files to a disk.
// It adds nothing to them but that a test can watch: nets/durable decides on their
// order, and a test that replays them, cut off anywhere, sees what a crash leaves.
package disk

import (
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
)

// Op is a call that has been made.
type Op struct {
	Name string // "create", "write", "sync", "close", "rename", "mkdir", "sync folder" or "remove"
	Path string // what it was made on, with its name at that time
	To   string // the new name of a rename
	Data []byte // of a write; lent
}

var watcher atomic.Pointer[func(Op)]

// Watch has see called after each call that was made without an error, until stop.
// It is for tests, and for one of them at a time.
func Watch(see func(Op)) (stop func()) {
	watcher.Store(&see)
	return func() { watcher.Store(nil) }
}

func done(err error, op Op) error {
	if see := watcher.Load(); see != nil && err == nil {
		(*see)(op)
	}
	return err
}

// File is a file that is written.
type File struct{ file *os.File }

// Create makes a file that was not there, with the permissions 0644 less the umask.
func Create(path string) (*File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err := done(err, Op{Name: "create", Path: path}); err != nil {
		return nil, err
	}
	return &File{f}, nil
}

// Name is the path that the file was created with.
func (f *File) Name() string { return f.file.Name() }

func (f *File) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	return n, done(err, Op{Name: "write", Path: f.Name(), Data: p})
}

// Sync brings what was written to the disk.
func (f *File) Sync() error { return done(f.file.Sync(), Op{Name: "sync", Path: f.Name()}) }

// Close closes the file.
func (f *File) Close() error { return done(f.file.Close(), Op{Name: "close", Path: f.Name()}) }

// Rename gives a file or a folder another name.
func Rename(from, to string) error {
	return done(os.Rename(from, to), Op{Name: "rename", Path: from, To: to})
}

// Remove takes a file's name away.
func Remove(path string) error { return done(os.Remove(path), Op{Name: "remove", Path: path}) }

// Mkdir makes a folder that was not there, with the permissions 0777 less the umask.
func Mkdir(dir string) error { return done(os.Mkdir(dir, 0o777), Op{Name: "mkdir", Path: dir}) }

// SyncFolder brings a folder's names to the disk, where the system and the file
// system can.
func SyncFolder(dir string) error {
	return done(syncFolder(dir), Op{Name: "sync folder", Path: dir})
}

func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		return nil // what network file systems answer that have no such thing
	}
	return err
}
