package run

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"stheno/nets/internal/disk"
)

// isTemporary says whether a file is what durable.WriteFile leaves of another one
// when its process is killed.
func isTemporary(name, of string) bool {
	return strings.HasPrefix(name, "."+of+".") && strings.HasSuffix(name, ".tmp")
}

func (f Folder) removeFrom(sub string, which func(name string) bool) {
	entries, _ := os.ReadDir(f.File(sub))
	for _, e := range entries {
		if which(e.Name()) {
			_ = disk.Remove(filepath.Join(f.File(sub), e.Name()))
		}
	}
}

// trainersFiles are those that nobody writes but who has the lock: what a killed
// process has left of them is removed by the next. Others, such as a report, another
// program may be writing, but none for an hour.
var trainersFiles = []string{ConfigFile, HistoryFile, HistoryJSONFile, ModelFile, OutcomeFile, EmbeddingFile}

// temporary are the names of what durable.WriteFile has not finished.
var temporary = regexp.MustCompile(`^\..+\.\d+-\d+\.tmp$`)

func isLeftover(path string) bool {
	name := filepath.Base(path)
	if slices.ContainsFunc(trainersFiles, func(of string) bool { return isTemporary(name, of) }) {
		return true
	}
	info, err := os.Lstat(path)
	return temporary.MatchString(name) && err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > time.Hour
}
