package run

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"time"

	"stheno/nets/durable"
	"stheno/nets/internal/disk"
)

// A run is there once config.json is. A folder that is new is filled under a
// hidden name that nobody else can have, and gets its name in one rename. One that
// is there already, empty, may be a mount point, what a link leads to, or in a
// folder that is not ours: it is filled where it is, config.json last. Either is
// locked from its first moment, and so what a killed process leaves is told from
// what a living one is about to fill, on whatever machine that lives.

// CheckFolder refuses a path at which a run cannot begin: a file, or a folder
// with something in it. What is left of a run that was cut off before it had its
// config.json is nothing, nor is the lost+found of a file system.
func CheckFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if target, err := os.Readlink(filepath.Clean(dir)); err == nil {
			return fmt.Errorf("run: run folder %s: is a link to %s, which is not there: make that folder, or name another one", dir, target)
		}
		return nil
	case isFile(dir):
		return fmt.Errorf("run: run folder %s: is a file: name a new or empty folder", dir)
	case err != nil:
		return fmt.Errorf("run: run folder: %w", err)
	}
	if slices.ContainsFunc(entries, named(ConfigFile)) {
		return fmt.Errorf("run: run folder %s: holds another run (%s is there): resume that with -resume %[1]s, or name a new folder", dir, ConfigFile)
	}
	if name := stranger(dir, entries); name != "" {
		return fmt.Errorf("run: run folder %s: is not empty (%s is there): name a new or empty folder", dir, name)
	}
	return nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

func named(name string) func(fs.DirEntry) bool {
	return func(e fs.DirEntry) bool { return e.Name() == name }
}

// stranger is the first of a folder's entries that keeps a run from beginning in it.
func stranger(dir string, entries []fs.DirEntry) string {
	begun := slices.ContainsFunc(entries, named(lockFile))
	for _, e := range entries {
		name := e.Name()
		switch {
		case name == "lost+found" && e.IsDir():
		case begun && (name == lockFile || isTemporary(name, ConfigFile)):
		case begun && name == CheckpointDir && isBeginning(filepath.Join(dir, name)):
		default:
			return name
		}
	}
	return ""
}

// isBeginning says whether a folder of checkpoints has at most that of step 0.
func isBeginning(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !isFirst(e.Name()) })
}

// isFirst says whether a file is the checkpoint of step 0, or a part of it.
func isFirst(name string) bool {
	first := filepath.Base(generationName(0))
	return name == first || isTemporary(name, first)
}

// IsCutOff says whether the folder holds the beginning of a run that ended before
// it had its config.json, as by a power cut, and so cannot be resumed. CreateFolder
// begins anew there.
func (f Folder) IsCutOff() bool {
	_, err := os.Lstat(f.File(lockFile))
	return err == nil && CheckFolder(string(f)) == nil
}

// CreateFolder makes the folder of a new run. fill writes its first files,
// config.json last. An empty dir is a new folder runs/NAME-DATE-TIME. A folder that
// is new is there with all of its files, or not at all; one that was there before,
// empty, keeps its place, mode and group, and is a run's once it has config.json.
func CreateFolder(dir, name string, now time.Time, fill func(Folder) error) (Folder, error) {
	f, unlock, err := BeginFolder(dir, name, now, fill)
	if err == nil {
		err = unlock()
	}
	return f, err
}

// BeginFolder is CreateFolder, and leaves the folder locked, as Lock does.
func BeginFolder(dir, name string, now time.Time, fill func(Folder) error) (f Folder, unlock func() error, err error) {
	unique := dir == ""
	if unique {
		dir = filepath.Join(RunsFolder, name+now.Format("-20060102-150405"))
	} else if err := CheckFolder(dir); err != nil {
		return "", nil, err
	}
	var h *holding
	if dir = filepath.Clean(dir); !unique && isFolder(dir) {
		h, err = fillHere(Folder(dir), fill)
	} else {
		h, err = fillHidden(dir, unique, fill)
	}
	if err != nil {
		return "", nil, err
	}
	return h.folder, h.keep(), nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// fillHere makes a folder that is there a run's.
func fillHere(dir Folder, fill func(Folder) error) (*holding, error) {
	h, err := dir.hold()
	if err != nil {
		return nil, err
	}
	if h == nil {
		return nil, fmt.Errorf("run: run folder %s: another process is beginning a run there", dir)
	}
	if err := CheckFolder(string(dir)); err != nil { // another process has been faster
		return nil, errors.Join(err, h.release())
	}
	dir.clear()
	if err = disk.SyncFolder(string(dir)); err == nil { // the lock's name says what is left by a power cut
		err = dir.makeCheckpoints()
	}
	if err == nil {
		err = fill(dir)
	}
	if err != nil {
		dir.clear()
		_ = disk.Remove(dir.File(lockFile))
		return nil, errors.Join(err, h.release())
	}
	// Its own name is as durable as what is in it, where its parent may be opened.
	_ = disk.SyncFolder(string(dir) + string(filepath.Separator) + "..")
	return h, nil
}

// makeCheckpoints makes the folder of the checkpoints, durably.
func (f Folder) makeCheckpoints() error {
	if err := durable.MkdirAll(f.File(CheckpointDir)); err != nil {
		return fmt.Errorf("run: run folder %s: %w", f, err)
	}
	return nil
}

// clear removes what a run that was cut off while it began has left in the folder,
// whose lock this process has.
func (f Folder) clear() {
	_ = disk.Remove(f.File(ConfigFile)) // of a fill that failed in its last call
	f.removeFrom("", func(name string) bool { return isTemporary(name, ConfigFile) })
	f.removeFrom(CheckpointDir, isFirst)
	_ = disk.Remove(f.File(CheckpointDir)) // if it is empty
}

// fillHidden makes a new folder a run's.
func fillHidden(dir string, unique bool, fill func(Folder) error) (*holding, error) {
	parent := filepath.Dir(dir)
	if err := durable.MkdirAll(parent); err != nil {
		return nil, fmt.Errorf("run: run folder: %w", err)
	}
	sweep(parent)
	h, err := makeHidden(parent)
	if onPath := (*fs.PathError)(nil); errors.As(err, &onPath) { // the hidden name means nothing to anybody
		err = fmt.Errorf("cannot be made in %s: %w", parent, onPath.Err)
	}
	if err != nil {
		return nil, fmt.Errorf("run: run folder %s: %w", dir, err)
	}
	hidden := h.folder
	if err = hidden.makeCheckpoints(); err == nil {
		err = fill(hidden)
	}
	if err == nil {
		h, err = h.publish(dir, unique)
	}
	if err != nil {
		err = errors.Join(err, h.release())
		_ = os.RemoveAll(string(hidden))
		return nil, err
	}
	return h, nil
}

// hiddenFolder are the names of folders that are being filled.
var hiddenFolder = regexp.MustCompile(`^\.run-[0-9a-f]{16}\.tmp$`)

// makeHidden makes a folder that is to be filled, and locks it.
func makeHidden(parent string) (*holding, error) {
	for {
		var number [8]byte
		rand.Read(number[:]) // no two processes have one, on no machine: a process's own number is that of another's in another container
		dir := Folder(filepath.Join(parent, fmt.Sprintf(".run-%x.tmp", number)))
		if err := disk.Mkdir(string(dir)); err != nil {
			return nil, err
		}
		h, err := dir.hold()
		switch {
		case h != nil:
			return h, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			_ = os.RemoveAll(string(dir))
			return nil, err
		}
		// Before it had a lock it was swept away for a dead one's.
	}
}

// publish gives a hidden folder its name, or, as two runs may begin in one second,
// one like it.
func (h *holding) publish(dir string, unique bool) (*holding, error) {
	name := dir
	for n := 2; ; n++ {
		err := h.rename(name)
		switch {
		case err == nil:
			return h, nil
		case !errors.Is(err, fs.ErrExist):
			return h, fmt.Errorf("run: run folder: %w", err)
		case !unique:
			if err := CheckFolder(dir); err != nil { // another process has been faster
				return h, err
			}
			return h, fmt.Errorf("run: run folder: %w", err)
		}
		name = fmt.Sprintf("%s-%d", dir, n)
	}
}

// rename renames the folder, which nothing replaces but an empty one. Windows
// renames none in which a file is open.
func (h *holding) rename(to string) error {
	if runtime.GOOS != "windows" {
		err := durable.Rename(string(h.folder), to)
		if err == nil {
			h.folder = Folder(to)
		}
		return err
	}
	if err := h.release(); err != nil {
		return err
	}
	err := durable.Rename(string(h.folder), to)
	if err == nil {
		h.folder = Folder(to)
	}
	again, locking := h.folder.hold()
	if again != nil {
		*h = *again
	} else if locking == nil {
		locking = fmt.Errorf("run: run folder %s: another process is training into it", to)
	}
	return errors.Join(err, locking)
}

// sweep removes hidden folders that killed processes have left: nobody has their
// lock. Windows, where a folder is renamed unlocked, cannot tell.
func sweep(parent string) {
	entries, _ := os.ReadDir(parent)
	for _, e := range entries {
		if !e.IsDir() || !hiddenFolder.MatchString(e.Name()) || runtime.GOOS == "windows" {
			continue
		}
		dir := Folder(filepath.Join(parent, e.Name()))
		if os.Remove(string(dir)) == nil { // it was empty; its maker, if it lives, makes another
			continue
		}
		if h, err := dir.hold(); err == nil && h != nil {
			_ = os.RemoveAll(string(dir))
			_ = h.release()
		}
	}
}
