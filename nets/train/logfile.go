package train

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"stheno/nets/internal/disk"
)

// logFile is a file that a run only appends to. Its state is its size: a run
// that goes on cuts off what was written after the checkpoint, and writes it
// again.
//
// What the system does not take, as of a full disk, is kept in memory and tried
// again with what comes next; training does not end for it, but no checkpoint
// speaks of it either, for sync fails meanwhile. It may be written to and synced
// at the same time.
type logFile struct {
	path    string
	size    int64        // bytes that are written or kept
	prepare func() error // makes the folders, where there may be none yet
	warn    func(error)  // hears once, until it works again, of what the system does not take; may be nil

	mutex  sync.Mutex
	file   *os.File // nil where it could not be opened yet
	kept   []byte   // what the system has not been given, or has not taken
	failed error    // why it did not take that
	lost   error    // of a sync that has failed: the system may have dropped what it could not write
	told   bool     // whether sync has returned failed
}

// keptBytes is how much is kept before the system is given it unasked.
const keptBytes = 1 << 16

// logState is what a checkpoint keeps of a logFile.
type logState struct {
	Bytes int64 `json:"bytes"`
}

// open makes the file as long as it is known to be. A file that is shorter has
// lost something, which is an error.
func (l *logFile) open(path string) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.path, l.kept, l.failed, l.lost, l.told = path, nil, nil, nil, false
	return l.named(l.openFile(l.size))
}

// later has the file opened, as a new one, when there is something to write.
func (l *logFile) later(path string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.path, l.size = path, 0
	l.kept, l.failed, l.lost, l.told = nil, nil, nil, false
}

func (l *logFile) openFile(size int64) error {
	if err := stillOurs(l.path); err != nil {
		return err
	}
	if l.prepare != nil {
		if err := l.prepare(); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	if err = cut(f, size); err == nil {
		err = disk.SyncFolder(filepath.Dir(l.path)) // its name is as durable as its rows
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	l.file = f
	return nil
}

// cut makes a file so long, and has it written to from there.
func cut(f *os.File, size int64) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < size {
		return fmt.Errorf("has %d bytes, the checkpoint knows of %d: something was taken away since", info.Size(), size)
	}
	if info.Size() > size {
		if err := f.Truncate(size); err != nil {
			return err
		}
	}
	_, err = f.Seek(size, io.SeekStart)
	return err
}

// write keeps p, and flushes now and then.
func (l *logFile) write(p []byte) {
	l.mutex.Lock()
	l.kept = append(l.kept, p...)
	l.size += int64(len(p))
	full := len(l.kept) >= keptBytes && l.failed == nil
	l.mutex.Unlock()
	if full {
		l.flush()
	}
}

// flush gives what is kept to the system, which may not take it.
func (l *logFile) flush() {
	l.mutex.Lock()
	before := l.failed
	err := l.give()
	l.mutex.Unlock()
	if _, lost := isLost(err); err != nil && before == nil && l.warn != nil && !lost {
		l.warn(fmt.Errorf("%w; training goes on, and what belongs there is kept until it can be written", l.named(err)))
	}
}

// give writes what is kept, as far as that goes. Another folder's file is not
// written to; one's own is also where its folder has another name.
func (l *logFile) give() error {
	if len(l.kept) == 0 {
		return nil
	}
	err := stillOurs(l.path)
	if lost, ok := isLost(err); ok && lost.now != "" && l.file != nil {
		err = nil
	}
	if err == nil && l.file == nil {
		err = l.openFile(0)
	}
	if err == nil {
		var n int
		n, err = l.file.Write(l.kept)
		l.kept = l.kept[:copy(l.kept, l.kept[n:])]
	}
	l.failed, l.told = err, l.told && err != nil
	return err
}

// sync flushes, and makes what was flushed survive a power cut. It may be called
// beside write, but not beside itself. Once the system has failed to sync it fails
// for good, since a system may forget what it could not write and have the next
// call succeed.
func (l *logFile) sync() error {
	l.mutex.Lock()
	err, file, lost := l.give(), l.file, l.lost
	l.told = err != nil
	l.mutex.Unlock()
	if err == nil && file != nil {
		if lost == nil {
			lost = file.Sync()
		}
		err = lost
		l.mutex.Lock()
		l.lost = lost
		l.mutex.Unlock()
	}
	return l.named(err)
}

// close flushes. What cannot be written now is lost, which is an error, but for
// what sync has said already.
func (l *logFile) close() error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	err := l.give()
	if l.told {
		err = nil
	}
	if l.file != nil {
		err = errors.Join(err, l.file.Close())
	}
	l.file, l.kept = nil, nil
	return l.named(err)
}

func (l *logFile) restore(name string, s CallbackState) error {
	var state logState
	err := restoreValues(name, s, &state)
	if err == nil && state.Bytes < 0 {
		err = fmt.Errorf("train: state of %s: %d bytes", name, state.Bytes)
	}
	l.size = state.Bytes
	return err
}

// named says which file it is, where the error does not.
func (l *logFile) named(err error) error {
	var onPath *os.PathError
	if _, lost := isLost(err); err == nil || lost {
		return err
	} else if errors.As(err, &onPath) {
		return fmt.Errorf("train: %w", err)
	}
	return fmt.Errorf("train: %s: %w", l.path, err)
}
