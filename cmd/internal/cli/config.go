package cli

import (
	"fmt"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"

	"stheno/data"
	"stheno/graph/kernel"
	"stheno/nets"
	"stheno/nets/train"
)

// configFormat is the version of config.json, eventsVersion that of -json's
// lines. Both grow when a reader of the old form could be misled.
const (
	configFormat  = 1
	eventsVersion = 1
)

// config is config.json: all that a run was made with.
type config struct {
	Format    int               `json:"format"`
	Network   string            `json:"network"`
	Params    int               `json:"params"`
	Settings  *settings         `json:"settings"`
	Optimizer *train.Adam       `json:"optimizer"`
	Data      dataset           `json:"data"`
	Kernels   string            `json:"kernels"`      // the implementation that computed
	Convolved map[string]string `json:"convolutions"` // the algorithm of each convolutional layer
	Versions  map[string]string `json:"versions"`
}

// dataset is what a run was trained and tested on.
type dataset struct {
	Folder  string `json:"folder"`
	Train   int    `json:"train"` // images
	Test    int    `json:"test"`
	Image   [3]int `json:"image"` // height, width, channels
	Classes int    `json:"classes"`
	Files   []file `json:"files"`
}

type file struct {
	Name   string `json:"name"`
	Path   string `json:"path"`
	SHA256 string `json:"sha256"` // of the file as it is stored
}

func newConfig(m *nets.Model, s *settings, opt *train.Adam, set *data.Dataset) (config, error) {
	convolutions, err := m.Convolutions()
	if err != nil {
		return config{}, err
	}
	c := config{
		Format: configFormat, Network: m.Name, Params: m.Params(), Settings: s, Optimizer: opt,
		Data: dataset{
			Folder: set.Dir, Train: set.Train.Len(), Test: set.Test.Len(),
			Image: set.Train.Shape(), Classes: set.Classes,
		},
		Kernels:   kernel.Implementation(),
		Convolved: make(map[string]string),
		Versions:  versions(),
	}
	for layer, a := range convolutions {
		c.Convolved[layer] = a.String()
	}
	for _, f := range set.Files {
		c.Data.Files = append(c.Data.Files, file(f))
	}
	return c, nil
}

// computing is a line on how a run computes.
func (c config) computing() string {
	line := fmt.Sprintf("kernels %s, threads %d", c.Kernels, kernel.Threads())
	for _, layer := range slices.Sorted(maps.Keys(c.Convolved)) {
		line += fmt.Sprintf(", %s %s", layer, c.Convolved[layer])
	}
	return line
}

// versions are those of Go, of this program where the build knows it, and of
// the modules that compute.
func versions() map[string]string {
	v := map[string]string{"go": runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v["stheno"] = s.Value
		}
	}
	for _, dep := range info.Deps {
		switch dep.Path {
		case "gorgonia.org/gorgonia", "gorgonia.org/tensor", "gonum.org/v1/gonum":
			v[dep.Path] = dep.Version
		}
	}
	return v
}
