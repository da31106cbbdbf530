package cli

import (
	"context"
	"io"

	"stheno/cmd/internal/progress"
	"stheno/data"
	"stheno/graph/kernel"
	"stheno/nets"
	"stheno/nets/train"
)

// Watched is a run that another program trains beside its own work, and shows
// in its own way. Its folder is that of a run of the command: -resume goes on
// with it.
type Watched struct {
	App    App
	Args   []string      // the command's flags for a new run
	Data   *data.Dataset // open already; Args say with -data where it is from, as the user has
	Watch  func(*nets.Model, train.Config, train.Folder) progress.Display
	Stderr io.Writer // warnings, and how to go on with a run that ctx has ended
}

// Run trains until the end, or until ctx is done, and returns ctx's cause then.
func (w Watched) Run(ctx context.Context) error {
	s, err := parse(w.App, w.Args, io.Discard)
	if err != nil {
		return err
	}
	if s.resume != "" || s.summary || s.sketch.path != "" {
		return usageError{"-resume, -summary and -graph are for the command alone"}
	}
	if err := kernel.EnvironmentError(); err != nil {
		return err
	}
	if s.held, err = s.HoldOut(w.Data); err != nil {
		return err
	}
	m, err := newModel(w.App, s, w.Data)
	if err != nil {
		return err
	}
	j, err := newJob(w.App, s, m, w.Data, nil, io.Discard, w.Stderr)
	if err != nil {
		return err
	}
	if err := j.create(); err != nil {
		return err
	}
	j.display = w.Watch(m, j.config, j.folder)
	return j.own(ctx)
}
