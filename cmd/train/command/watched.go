package command

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"stheno/cmd/internal/shell"
	"stheno/data"
	"stheno/graph/kernel"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train/progress"
)

// Watched is a run that another program trains beside its own work, and shows
// in its own way. Its folder is that of a run of the command: -resume goes on
// with it.
type Watched struct {
	Program Program
	Args    []string      // the command's flags for a new run
	Data    *data.Dataset // open already; Args say with -data where it is from, as the user has
	Watch   func(*nets.Model, run.Config, run.Folder) progress.Display
	Ended   func(run.Folder) error // takes what the same run has come to already, instead of training it again; an error is that it cannot
	Stderr  io.Writer              // warnings, and how to go on with a run that ctx has ended
}

// Run trains until the end, or until ctx is done, and returns ctx's cause then.
// The newest run with the same settings and data that has come to its end is taken
// as it is, by Ended; else the newest that has not, as of a program that was killed,
// is resumed.
func (w Watched) Run(ctx context.Context) error {
	w.Program.guest = true
	s, err := parse(w.Program, w.Args, io.Discard)
	if err != nil {
		return err
	}
	if s.resume != "" || s.summary || s.sketch.path != "" || s.sheet.path != "" {
		return shell.Usage("-resume, -summary, -graph and -augment-sheet are for the command alone")
	}
	if err := kernel.EnvironmentError(); err != nil {
		return err
	}
	s.Preparation = w.Data.Preparation
	if s.held, err = s.HoldOut(w.Data); err != nil {
		return err
	}
	m, err := newModel(s.program, s, w.Data)
	if err != nil {
		return err
	}
	j, err := newJob(s.program, s, m, w.Data, nil, io.Discard, w.Stderr)
	if err != nil {
		return err
	}
	same := j.same()
	for _, folder := range same {
		if _, ended, err := folder.ReadOutcome(); !ended || err != nil {
			continue
		}
		if err = w.Ended(folder); err == nil {
			return nil
		}
		fmt.Fprintf(w.Stderr, "%s: %s: a run of the same settings is looked for elsewhere, or begun\n", w.Program.Name, shell.Words(err))
	}
	if i := slices.IndexFunc(same, mayGoOn); i >= 0 {
		folder := same[i]
		c, err := folder.ReadConfig()
		if err != nil {
			return err
		}
		s.resume = string(folder)
		j.config = j.config.Like(c)
		j.checkpoint.Config = j.config
		j.display = w.Watch(m, j.config, folder)
		return j.reopen(ctx, c)
	}
	unlock, err := j.create()
	if err != nil {
		return err
	}
	defer unlock()
	j.display = w.Watch(m, j.config, j.folder)
	return j.run(ctx)
}

// same are the runs that this one would repeat from their beginning, the newest
// first: in the folder that the settings name, or those that runs get by themselves.
func (j *job) same() (folders []run.Folder) {
	dirs := []string{j.settings.out}
	if j.settings.out == "" {
		dirs, _ = filepath.Glob(filepath.Join("runs", j.app.net+"-*"))
		slices.Sort(dirs)
		slices.Reverse(dirs) // their names end with the time
	}
	for _, dir := range dirs {
		folder := run.Folder(dir)
		if c, err := folder.ReadConfig(); err == nil && j.repeats(c) {
			folders = append(folders, folder)
		}
	}
	return folders
}

// repeats says whether a run that was begun with c is this one.
func (j *job) repeats(c run.Config) bool {
	same := c.Settings
	same.Threads, same.CheckpointEvery = j.settings.Threads, j.settings.CheckpointEvery
	return same == j.settings.Settings && j.config.Like(c).Differs(c) == ""
}

// mayGoOn says whether a run has not ended, can be read, and is nobody's.
func mayGoOn(folder run.Folder) bool {
	if _, ended, err := folder.ReadOutcome(); ended || err != nil {
		return false
	}
	if _, _, err := folder.LoadState(); err != nil {
		return false
	}
	unlock, err := folder.Lock()
	return err == nil && unlock() == nil
}
