package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Newest lists the runs in a folder that have written their model, the newest
// model first. A folder that is not there has none.
func Newest(dir string) ([]Folder, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("run: %w", err)
	}
	var runs []Folder
	when := map[Folder]time.Time{}
	for _, entry := range entries {
		f := Folder(filepath.Join(dir, entry.Name()))
		_, absent := os.Stat(f.File(ConfigFile))
		info, err := os.Stat(f.File(ModelFile))
		if entry.Name()[0] != '.' && absent == nil && err == nil {
			runs, when[f] = append(runs, f), info.ModTime()
		}
	}
	slices.SortStableFunc(runs, func(a, b Folder) int { return when[b].Compare(when[a]) })
	return runs, nil
}
