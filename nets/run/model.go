package run

import (
	"io"

	"stheno/nets"
	"stheno/nets/onnx"
)

// WriteModel replaces the run's weights.
func (f Folder) WriteModel(m *nets.Model) error { return f.WriteFile(ModelFile, m.WriteWeights) }

// WriteONNX replaces the run's network and weights for other runtimes. What c
// says of the run is among the file's metadata.
func (f Folder) WriteONNX(m *nets.Model, c Config) error {
	return f.WriteFile(ONNXFile, func(w io.Writer) error { return onnx.Write(w, m, c.Provenance()) })
}
