package train

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// ConfigFormat is the version of config.json. It grows when a reader of the old
// form could be misled.
const ConfigFormat = 2

// Config is config.json: all that a run was made with.
type Config struct {
	Format       int               `json:"format"`
	Network      string            `json:"network"`
	Params       int               `json:"params"`
	Settings     Settings          `json:"settings"`
	Optimizer    Adam              `json:"optimizer"` // as the run began
	Data         Source            `json:"data"`
	Kernels      string            `json:"kernels"`      // the implementation that computed
	Convolutions map[string]string `json:"convolutions"` // the algorithm of each convolutional layer
	Versions     map[string]string `json:"versions"`     // of Go, of Stheno where the build knows it, of the modules that compute
}

// Settings are what the user chose.
type Settings struct {
	Data            string  `json:"data"` // the folder as it was given; empty is Stheno's own choice
	Epochs          int     `json:"epochs"`
	Batch           int     `json:"batch"`
	LearningRate    float64 `json:"learning_rate"`
	Seed            uint64  `json:"seed"`
	Shuffle         bool    `json:"shuffle"`
	Steps           int     `json:"steps"`            // 0 is no limit
	CheckpointEvery int     `json:"checkpoint_every"` // steps; 0 is at each epoch's end
	Init            string  `json:"init"`
	Threads         int     `json:"threads"`
	Conv            string  `json:"conv"`
	Patience        int     `json:"patience"`    // epochs; 0 is no early stopping
	Schedule        string  `json:"schedule"`    // of the learning rate
	TensorBoard     bool    `json:"tensorboard"` // whether event files are written
}

// Source is what a run was trained and tested on.
type Source struct {
	Folder  string       `json:"folder"`
	Train   int          `json:"train"` // images
	Test    int          `json:"test"`
	Image   [3]int       `json:"image"` // height, width, channels
	Classes int          `json:"classes"`
	Files   []SourceFile `json:"files"`
}

// SourceFile is one file of a Source.
type SourceFile struct {
	Name   string `json:"name"`
	Path   string `json:"path"`
	SHA256 string `json:"sha256"` // of the file as it is stored
}

// ReadConfig reads a run's config.json. A file of another format version, or
// with fields that this version does not know, is refused.
func (f Folder) ReadConfig() (Config, error) {
	path := f.File(ConfigFile)
	content, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("train: %w", err)
	}
	var c Config
	if err := json.Unmarshal(content, &struct{ Format *int }{&c.Format}); err != nil {
		return Config{}, fmt.Errorf("train: %s: %w", path, err)
	}
	if c.Format != ConfigFormat {
		return Config{}, fmt.Errorf("train: %s: has format %d, this Stheno reads format %d: use the version that wrote it", path, c.Format, ConfigFormat)
	}
	if err := decodeStrict(content, &c); err != nil {
		return Config{}, fmt.Errorf("train: %s: %w", path, err)
	}
	return c, nil
}

// decodeStrict decodes one JSON value that has no field unknown to v, and
// nothing behind it.
func decodeStrict(content []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("something stands behind the JSON value")
	}
	return nil
}
