package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"stheno/nets/internal/disk"
	"stheno/nets/train"
)

// logFile is a file that a run only appends to. Its state is its size: a run
// that goes on cuts off what was written after the checkpoint, and writes it
// again.
//
// What the system does not take, as of a full disk, is kept in memory and tried
// again with what comes next; training does not end for it, but no checkpoint
// speaks of it either, for sync fails meanwhile. What it has taken is kept until it
// is synced, and written again where that has failed: a system may forget what it
// could not bring to the disk, and have the next call succeed. The file may be
// written to and synced at the same time.
type logFile struct {
	path    string
	size    int64        // bytes that are written or kept
	prepare func() error // makes the folders, where there may be none yet
	warn    func(error)  // hears once, until it works again, of what the system does not take; may be nil

	mutex    sync.Mutex
	file     *os.File // nil where it could not be opened yet
	kept     []byte   // what the system has not been given, or has not taken
	failed   error    // why it did not take that
	told     bool     // whether sync has returned failed
	written  int64    // bytes that the system has taken
	unsynced []byte   // the last of them, which may not be on the disk; up to unsyncedBytes
	unsure   error    // of a sync that has failed
}

const (
	keptBytes     = 1 << 16 // how much is kept before the system is given it unasked
	unsyncedBytes = 1 << 20 // and how much of what it has taken, where nobody syncs; a failed sync is then for good
)

// logState is what a checkpoint keeps of a logFile.
type logState struct {
	Bytes int64 `json:"bytes"`
}

// open makes the file as long as it is known to be. A file that is shorter has
// lost something, which is an error.
func (l *logFile) open(path string) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.path = path
	l.forget()
	return l.named(l.openFile(l.size))
}

// later has the file opened, as a new one, when there is something to write.
func (l *logFile) later(path string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.path, l.size = path, 0
	l.forget()
}

func (l *logFile) forget() {
	l.kept, l.failed, l.told, l.unsynced, l.unsure = nil, nil, false, nil, nil
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
	l.file, l.written = f, size
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
		l.written += int64(n)
		l.unsynced = append(l.unsynced, l.kept[:n]...)
		if over := len(l.unsynced) - unsyncedBytes; over > 0 {
			l.unsynced = l.unsynced[over:]
		}
		l.kept = l.kept[:copy(l.kept, l.kept[n:])]
	}
	l.failed, l.told = err, l.told && err != nil
	return err
}

// sync flushes, and makes what was flushed survive a power cut. It may be called
// beside write, but not beside itself.
func (l *logFile) sync() error {
	l.mutex.Lock()
	err, file := l.give(), l.file
	l.told = err != nil
	if err == nil && l.unsure != nil {
		err = l.again()
	}
	before := l.written
	l.mutex.Unlock()
	if err == nil && file != nil {
		err = file.Sync()
		l.mutex.Lock()
		if l.unsure = err; err == nil {
			since := min(l.written-before, int64(len(l.unsynced)))
			l.unsynced = append([]byte(nil), l.unsynced[int64(len(l.unsynced))-since:]...)
		}
		l.mutex.Unlock()
	}
	return l.named(err)
}

// again writes what may have been dropped by a sync that has failed.
func (l *logFile) again() error {
	if len(l.unsynced) == unsyncedBytes {
		return l.unsure // and what was before may have been, too
	}
	_, err := l.file.WriteAt(l.unsynced, l.written-int64(len(l.unsynced)))
	return err
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

func (l *logFile) restore(name string, s train.CallbackState) error {
	var state logState
	err := train.RestoreState(name, s, &state)
	if err == nil && state.Bytes < 0 {
		err = fmt.Errorf("run: state of %s: %d bytes", name, state.Bytes)
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
		return fmt.Errorf("run: %w", err)
	}
	return fmt.Errorf("run: %s: %w", l.path, err)
}
