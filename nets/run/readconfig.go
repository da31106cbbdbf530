package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"stheno/nets/internal/strict"
)

// ReadConfig reads a run's config.json. A file of another format version, or
// with fields that this version does not know, is refused.
func (f Folder) ReadConfig() (Config, error) {
	path := f.File(ConfigFile)
	content, err := os.ReadFile(path)
	if err != nil && f.IsCutOff() {
		return Config{}, fmt.Errorf("run: run folder %s: a run was cut off while it began there, before its first step: begin it again with -out %s", f, f)
	} else if err != nil && isFile(string(f)) {
		return Config{}, fmt.Errorf("run: %s: is a file: name the run's folder", f)
	} else if errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("run: %s: is no run folder: %w", f, bare(err))
	} else if err != nil {
		return Config{}, fmt.Errorf("run: %w", err)
	}
	var c Config
	if err := json.Unmarshal(content, &struct {
		Format *int `json:"format"`
	}{&c.Format}); err != nil {
		return Config{}, fmt.Errorf("run: %s: %w", path, strict.InWords(err))
	}
	if c.Format != ConfigFormat && c.Format != namedFormat {
		return Config{}, fmt.Errorf("run: %s: has format %d, this Stheno reads formats %d and %d: use the version that wrote it", path, c.Format, namedFormat, ConfigFormat)
	}
	if err := strict.Decode(content, &c); err != nil {
		return Config{}, fmt.Errorf("run: %s: %w", path, err)
	}
	return c, nil
}

// bare is what the system says, without a path that the line names already.
func bare(err error) error {
	if onPath := (*fs.PathError)(nil); errors.As(err, &onPath) {
		return fmt.Errorf("%s: %w", ConfigFile, onPath.Err)
	}
	return err
}
