package command

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"stheno/data"
	"stheno/data/digit"
	"stheno/graph/kernel"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
)

// eventsVersion is the version of -json's lines. It grows when a reader of the
// old form could be misled.
const eventsVersion = 2

func newConfig(app Program, m *nets.Model, s *settings, opt train.Optimizer, set *data.Dataset) (run.Config, error) {
	c, err := begun(m, s)
	if err != nil {
		return c, err
	}
	convolutions, err := m.Convolutions()
	if err != nil {
		return c, err
	}
	c.Settings, c.Optimizer, c.Data, c.Kernels, c.Versions = s.Settings, opt.State().Settings, source(set), kernel.Implementation(), versions()
	c.Convolutions = make(map[string]string)
	for layer, a := range convolutions {
		c.Convolutions[layer] = a.String()
	}
	if app.stored != nil {
		c = c.Like(*app.stored)
	}
	return c, nil
}

// begun is a run's config with its network; that of a pre-training, which is never
// asked, follows from its run's.
func begun(m *nets.Model, s *settings) (run.Config, error) {
	if s.phase != "" {
		return run.Config{Format: run.ConfigFormat, Network: m.Name, Phase: s.phase, Params: m.Params()}, nil
	}
	return run.NewConfig(m)
}

// source describes a dataset.
func source(set *data.Dataset) run.Source {
	s := run.Source{Folder: absolute(set.Dir), Train: set.Train.Len(), Test: set.Test.Len(), Image: set.Train.Shape(), Classes: set.Classes, Names: set.Names}
	for _, f := range set.Files {
		s.Files = append(s.Files, run.SourceFile(f))
	}
	return s
}

// absolute is dir as it can be found from anywhere.
func absolute(dir string) string {
	if path, err := filepath.Abs(dir); err == nil {
		return path
	}
	return dir
}

// computing is a line on how a run computes.
func computing(c run.Config) string {
	line := fmt.Sprintf("kernels %s, threads %d", c.Kernels, kernel.Threads())
	for _, layer := range slices.Sorted(maps.Keys(c.Convolutions)) {
		line += fmt.Sprintf(", %s %s", layer, c.Convolutions[layer])
	}
	return line
}

// preparing is a line on what becomes of pictures.
func preparing(p digit.Preparation) string {
	if p.Method == digit.MNIST {
		return "pictures that the network is asked about are prepared as MNIST's were; -prepare raw would only scale them"
	}
	return "pictures that the network is asked about are only scaled; -prepare mnist would find and place their ink as in MNIST"
}
