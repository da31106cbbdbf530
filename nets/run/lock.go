package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/gofrs/flock"
)

// lockFile is empty; who holds its lock owns the run.
const lockFile = ".lock"

// Lock makes this process the only one that trains into the folder, until unlock
// or the process's end, however it ends. What the process then writes there is
// held against what it has locked: once the folder has another name, or its lock
// is another file, writing fails with an error that says so, and what has come in
// its place is left alone.
func (f Folder) Lock() (unlock func() error, err error) {
	h, err := f.hold()
	if err != nil {
		return nil, err
	}
	if h == nil {
		return nil, fmt.Errorf("run: run folder %s: another process is training into it", f)
	}
	for _, sub := range []string{"", PretrainDir} {
		f.removeFrom(sub, func(name string) bool { return isLeftover(filepath.Join(f.File(sub), name)) })
	}
	return h.keep(), nil
}

// holding is a lock that this process holds.
type holding struct {
	folder    Folder
	dir, lock fs.FileInfo
	file      *os.File // the lock's; open, its identity is nobody else's
	flock     *flock.Flock
}

// holdings are those by their folder's path. A lock belongs to the whole process,
// and so do they.
var holdings sync.Map

// hold takes the lock; nil says that another one has it. A file that went away
// between its opening and its locking is no lock, and is tried again.
func (f Folder) hold() (h *holding, err error) {
	for range 100 {
		if h, err = f.tryLock(); h == nil || err != nil {
			return h, err
		}
		err = h.check()
		if _, lost := isLost(err); err == nil {
			return h, nil
		} else if err = errors.Join(err, h.release()); !lost {
			return nil, err
		}
	}
	return nil, err
}

func (f Folder) tryLock() (*holding, error) {
	path := f.File(lockFile)
	file, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("run: run folder %s: lock: %w", f, err)
	}
	h := &holding{folder: f, file: file, flock: flock.New(path)}
	held, err := h.flock.TryLock()
	if err == nil && held {
		if err = h.identify(); err == nil {
			return h, nil
		}
	}
	if err = errors.Join(err, h.release()); err != nil {
		return nil, fmt.Errorf("run: run folder %s: lock: %w", f, err)
	}
	return nil, nil
}

func (h *holding) identify() (err error) {
	if h.lock, err = h.file.Stat(); err == nil {
		h.dir, err = os.Stat(string(h.folder))
	}
	return err
}

// keep has what is written to the folder held against the lock.
func (h *holding) keep() (unlock func() error) {
	key := filepath.Clean(string(h.folder))
	holdings.Store(key, h)
	return func() error {
		holdings.CompareAndDelete(key, h)
		return h.release()
	}
}

func (h *holding) release() error {
	err := errors.Join(h.flock.Unlock(), h.file.Close())
	if errors.Is(err, os.ErrClosed) { // it is released
		return nil
	}
	return err
}

// check says whether the folder is still the one that was locked: the lock's file
// in it is. Nothing is said of the folder's own number, which some file systems
// make anew.
func (h *holding) check() error {
	lock, err := os.Stat(h.folder.File(lockFile))
	switch {
	case err == nil && os.SameFile(lock, h.lock):
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("run: run folder %s: %w", h.folder, err)
	}
	dir, err := os.Stat(string(h.folder))
	return &lostError{folder: h.folder, now: h.now(), unlocked: err == nil && os.SameFile(dir, h.dir)}
}

// now is where the folder is that was locked, where the system can tell and the
// lock is still in it.
func (h *holding) now() Folder {
	path, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(int(h.file.Fd())))
	if err != nil || filepath.Base(path) != lockFile {
		return ""
	}
	if lock, err := os.Stat(path); err != nil || !os.SameFile(lock, h.lock) {
		return ""
	}
	return Folder(filepath.Dir(path))
}

// stillOurs says whether what is at path belongs to no folder that this process has
// locked, or to one that is still the same.
func stillOurs(path string) error {
	for dir := filepath.Clean(path); ; {
		if h, ok := holdings.Load(dir); ok {
			return h.(*holding).check()
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil
		}
		dir = parent
	}
}

// lostError says that a run's folder is no longer the run's.
type lostError struct {
	folder   Folder
	now      Folder // where it is; empty if nobody knows
	unlocked bool   // it is where it was, and has lost its lock
}

func (e *lostError) Error() string {
	switch {
	case e.unlocked:
		return fmt.Sprintf("run: run folder %s: its %s was removed while the run trained, so that another process may train there: the run ends; resume it with -resume %s", e.folder, lockFile, e.folder)
	case e.now != "":
		return fmt.Sprintf("run: run folder %s: was renamed to %s while the run trained: the run ends; resume it with -resume %s", e.folder, e.now, e.now)
	}
	return fmt.Sprintf("run: run folder %s: was removed, or renamed, while the run trained: the run ends; if you have it elsewhere, resume it there", e.folder)
}

func isLost(err error) (*lostError, bool) {
	lost := (*lostError)(nil)
	return lost, errors.As(err, &lost)
}
