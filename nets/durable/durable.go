// Package durable replaces files whole or not at all.
//
// Promises of [WriteFile]. Whoever opens the path, at any time and after any crash
// of the process, finds the old file or the new one, never a part. Once WriteFile
// has returned nil the new file also survives a power cut, as far as the disk keeps
// its word about fsync; on Windows, which cannot sync a folder, it may then still be
// the old one. A failure leaves the old file as it was and nothing beside it. The
// one exception is the last step: if syncing the folder fails, the new file already
// stands there whole, and only its surviving a power cut is in doubt.
//
// A process that is killed in between leaves a hidden file .NAME.*.tmp behind, which
// nothing reads. Two writers of one path do not disturb each other: the later wins.
//
// github.com/google/renameio leaves out the folder's sync and Windows, hence this.
package durable

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"stheno/nets/internal/disk"
)

// WriteFile makes what write writes the content of the file at path: into a hidden
// file in the same folder, buffered, then fsync, close, rename, fsync of the folder.
// A new file has the permissions 0644 less the umask; a symbolic link is replaced,
// not followed. An error of write is returned wrapped, a panic in it passes through,
// and both leave the old file. Every error is a *fs.PathError that names path and
// the operation, such as "durable: sync runs/a/history.csv: no space left on device".
func WriteFile(path string, write func(io.Writer) error) error {
	f, err := create(path)
	if err != nil {
		return failed("create", path, "", err)
	}
	temp, renamed := f.Name(), false
	defer func() { // on every way out, a panic of write among them
		if !renamed {
			f.Close()
			disk.Remove(temp)
		}
	}()
	buffer := bufio.NewWriterSize(f, 1<<16)
	steps := []struct {
		name string
		do   func() error
	}{
		{"write", func() error { return write(buffer) }},
		{"write", buffer.Flush},
		{"sync", f.Sync},
		{"close", f.Close}, // before the rename, for Windows
		{"rename", func() error { return disk.Rename(temp, path) }},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			return failed(step.name, path, temp, err)
		}
	}
	renamed = true
	if err := disk.SyncFolder(filepath.Dir(path)); err != nil {
		return failed("sync the folder of", path, "", err)
	}
	return nil
}

// Rename gives a file or a folder another name in the same file system, durably.
func Rename(from, to string) error {
	if err := disk.Rename(from, to); err != nil {
		return failed("rename", to, "", err)
	}
	if err := disk.SyncFolder(filepath.Dir(to)); err != nil {
		return failed("sync the folder of", to, "", err)
	}
	return nil
}

// MkdirAll makes a folder, and those above it that are missing, durably. One that is
// there is left as it is.
func MkdirAll(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return failed("mkdir", dir, "", syscall.ENOTDIR)
	case !errors.Is(err, fs.ErrNotExist):
		return failed("mkdir", dir, "", err)
	}
	parent := filepath.Dir(dir)
	if err := MkdirAll(parent); err != nil {
		return err
	}
	if err := disk.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) { // another process may have been faster
		return failed("mkdir", dir, "", err)
	}
	if err := disk.SyncFolder(parent); err != nil {
		return failed("sync the folder of", dir, "", err)
	}
	return nil
}

// serial tells apart the temporary files of one process.
var serial atomic.Uint64

// create opens a new hidden file beside path. os.CreateTemp would make it 0600.
func create(path string) (*disk.File, error) {
	for {
		name := fmt.Sprintf(".%s.%d-%d.tmp", filepath.Base(path), os.Getpid(), serial.Add(1))
		f, err := disk.Create(filepath.Join(filepath.Dir(path), name))
		if !errors.Is(err, fs.ErrExist) { // else a leftover of a killed process with our number
			return f, err
		}
	}
}

// failed names the user's path in place of the temporary one, which means nothing to him.
func failed(op, path, temp string, err error) error {
	var onPath *fs.PathError
	var onLink *os.LinkError
	switch {
	case errors.As(err, &onLink) && onLink.Old == temp:
		err = onLink.Err
	case errors.As(err, &onPath) && (temp == "" && err == error(onPath) || temp != "" && onPath.Path == temp):
		err = onPath.Err
	}
	return &fs.PathError{Op: "durable: " + op, Path: path, Err: err}
}
