package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"stheno/nets/embedding"
)

// ReadEmbedding reads what a run's pre-training was found to be worth; ok is
// false if the run has none.
func (f Folder) ReadEmbedding() (q embedding.Quality, ok bool, err error) {
	path := Folder(f.File(PretrainDir)).File(EmbeddingFile)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return q, false, nil
	}
	if err == nil {
		err = json.Unmarshal(content, &q)
	}
	if err != nil {
		return q, false, fmt.Errorf("run: %s: %w", path, err)
	}
	return q, true, nil
}
