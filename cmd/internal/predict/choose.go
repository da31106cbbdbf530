package predict

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"stheno/nets/train"
)

// runsFolder is where runs are if nobody says otherwise.
const runsFolder = "runs"

// chooseRun is the run that is named, or the newest one with a model, of which
// stderr is told.
func chooseRun(named string, stderr io.Writer) (train.Folder, error) {
	if named != "" {
		return train.Folder(named), nil
	}
	entries, err := os.ReadDir(runsFolder)
	if err != nil && !os.IsNotExist(err) {
		return "", err
	}
	var newest train.Folder
	var when time.Time
	for _, entry := range entries {
		folder := train.Folder(filepath.Join(runsFolder, entry.Name()))
		info, err := os.Stat(folder.File(train.ModelFile))
		if err != nil || entry.Name()[0] == '.' || info.ModTime().Before(when) {
			continue
		}
		if _, err := os.Stat(folder.File(train.ConfigFile)); err == nil {
			newest, when = folder, info.ModTime()
		}
	}
	if newest == "" {
		return "", fmt.Errorf("no run with a model below %s/: train one with go run ./cmd/cnn, or name one with -model", runsFolder)
	}
	fmt.Fprintf(stderr, "-model %s, the newest run\n", newest)
	return newest, nil
}
