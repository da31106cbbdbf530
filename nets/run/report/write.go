package report

import (
	"context"
	"io"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/run"
)

// The files of a report.
const (
	HTMLFile      = "report.html"
	CurvesFile    = "curves.svg" // not written where there is nothing to draw
	ConfusionFile = "confusion.svg"
)

// Write tests the model that a run ends with and leaves the report in the
// run's folder. It reads the run's settings and rows from there, so it comes
// after they are written; but it is told the outcome, whose file is a run's
// last.
func Write(ctx context.Context, folder run.Folder, outcome run.Outcome, m *nets.Model, set *data.Dataset) error {
	c, err := folder.ReadConfig()
	if err != nil {
		return err
	}
	run, err := load(folder, c, m)
	if err != nil {
		return err
	}
	run.Outcome = &outcome
	r, err := New(ctx, run, set)
	if err != nil {
		return err
	}
	return r.Write()
}

// Write replaces the report's files in the run's folder, each whole or not at
// all.
func (r *Report) Write() error {
	pictures := map[string]drawing{ConfusionFile: r.confusionDrawing()}
	if panels := r.run.curves(); panels != nil {
		pictures[CurvesFile] = beside(panels)
	}
	if r.Embedding != nil {
		pictures[EmbeddingFile] = r.embeddingDrawing()
	}
	for _, name := range []string{CurvesFile, ConfusionFile, EmbeddingFile} {
		d, ok := pictures[name]
		if !ok {
			continue
		}
		if err := r.run.Folder.WriteFile(name, func(w io.Writer) error {
			_, err := w.Write(d.file())
			return err
		}); err != nil {
			return err
		}
	}
	return r.run.Folder.WriteFile(HTMLFile, r.HTML)
}
