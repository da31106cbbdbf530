package train

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"stheno/nets/internal/disk"
)

// logFile is a file that a run only appends to. Its state is its size: a run
// that goes on cuts off what was written after the checkpoint, and writes it
// again.
type logFile struct {
	path string
	size int64 // bytes that are written or buffered
	file *os.File
	w    *bufio.Writer
	lost error // of a sync that has failed: the system may have dropped what it could not write
	told bool  // whether the failure of w, which it repeats for ever, has been returned
}

// logState is what a checkpoint keeps of a logFile.
type logState struct {
	Bytes int64 `json:"bytes"`
}

// open makes the file as long as it is known to be. A file that is shorter has
// lost something, which is an error.
func (l *logFile) open(path string) error {
	l.path = path
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if err := l.cut(f); err != nil {
		return errors.Join(l.named(err), f.Close())
	}
	if err := disk.SyncFolder(filepath.Dir(path)); err != nil { // its name is as durable as its rows
		return errors.Join(l.named(err), f.Close())
	}
	l.file, l.w, l.told, l.lost = f, bufio.NewWriterSize(f, 1<<16), false, nil
	return nil
}

func (l *logFile) cut(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < l.size {
		return fmt.Errorf("has %d bytes, the checkpoint knows of %d: something was taken away since", info.Size(), l.size)
	}
	if err := f.Truncate(l.size); err != nil {
		return err
	}
	_, err = f.Seek(l.size, io.SeekStart)
	return err
}

func (l *logFile) write(p []byte) error {
	n, err := l.w.Write(p)
	l.size += int64(n)
	return l.tell(err)
}

// flush gives what is buffered to the system; a file that is not open has nothing.
func (l *logFile) flush() error {
	if l.w == nil {
		return nil
	}
	return l.tell(l.w.Flush())
}

func (l *logFile) tell(err error) error {
	l.told = l.told || err != nil
	return l.named(err)
}

// sync makes what was flushed survive a power cut. It may be called beside write,
// but not beside itself. Once it has failed it fails for good, since a system may
// forget what it could not write and have the next call succeed.
func (l *logFile) sync() error {
	if l.file == nil {
		return nil
	}
	if l.lost == nil {
		l.lost = l.file.Sync()
	}
	return l.named(l.lost)
}

func (l *logFile) close() error {
	if l.file == nil {
		return nil
	}
	err := l.w.Flush()
	if l.told {
		err = nil
	}
	err = errors.Join(err, l.file.Close())
	l.file, l.w = nil, nil
	return l.named(err)
}

// state flushes.
func (l *logFile) state() (CallbackState, error) {
	if err := l.flush(); err != nil {
		return CallbackState{}, err
	}
	return valuesOf(logState{l.size})
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

func (l *logFile) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("train: %s: %w", l.path, err)
}
