package train

import (
	"fmt"

	"github.com/gofrs/flock"
)

// lockFile is empty; who holds its lock owns the run.
const lockFile = ".lock"

// Lock makes this process the only one that trains into the folder, until unlock
// or the process's end, however it ends.
func (f Folder) Lock() (unlock func() error, err error) {
	lock := flock.New(f.File(lockFile))
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("train: run folder %s: lock: %w", f, err)
	}
	if !held {
		return nil, fmt.Errorf("train: run folder %s: another process is training into it", f)
	}
	return lock.Unlock, nil
}
