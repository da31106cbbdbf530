package command

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"stheno/cmd/internal/shell"
	"stheno/data"
	"stheno/nets/group"
	"stheno/nets/run"
	"stheno/nets/train"
)

// resumable are the flags that a run may go on with in another way, and -net, which
// stored has compared.
var resumable = []string{"resume", "repair", "net", "data", "epochs", "steps", "threads", "checkpoint-every", "verbose", "json", "color"}

// adopt takes the settings of a run that goes on. A flag that was given and
// wants something else is refused.
func (s *settings) adopt(stored run.Settings) error {
	f, was := flag.NewFlagSet("", flag.ContinueOnError), &settings{}
	was.define(f) // writes the defaults
	was.Settings = chosenThen(stored)
	now := flag.NewFlagSet("", flag.ContinueOnError)
	defined := *s
	defined.define(now)
	defined = *s
	defined.Augment, was.Augment = canonical(s.Augment), canonical(stored.Augment)
	for _, name := range slices.Sorted(maps.Keys(s.given)) {
		if slices.Contains(resumable, name) {
			continue
		}
		if mine, theirs := now.Lookup(name).Value.String(), f.Lookup(name).Value.String(); mine != theirs {
			return shell.Usagef("-%s %s: the run has -%s %s and keeps it: leave the flag out, or begin another run", name, shell.Quoted(mine), name, shell.Quoted(theirs))
		}
	}
	if s.given["epochs"] && s.Epochs != stored.Epochs && train.SchedulePlansLength(stored.Schedule) {
		return shell.Usagef("-epochs %d: the run's schedule %s is laid out for %d epochs: leave the flag out, or begin another run", s.Epochs, stored.Schedule, stored.Epochs)
	}
	if s.given["epochs"] && s.Epochs != stored.Epochs && stored.SWA > 0 {
		return shell.Usagef("-epochs %d: the run's -swa %d is laid out for %d epochs: leave the flag out, or begin another run", s.Epochs, stored.SWA, stored.Epochs)
	}
	chosen := s.Settings
	s.Settings = stored
	for name, field := range map[string][2]*int{
		"epochs": {&s.Epochs, &chosen.Epochs}, "steps": {&s.Steps, &chosen.Steps},
		"threads": {&s.Threads, &chosen.Threads}, "checkpoint-every": {&s.CheckpointEvery, &chosen.CheckpointEvery},
	} {
		if s.given[name] {
			*field[0] = *field[1]
		}
	}
	if s.given["data"] {
		s.Data = chosen.Data
	}
	return nil
}

// chosenThen fills in what runs had from before there was a choice.
func chosenThen(stored run.Settings) run.Settings {
	stored.Repeat = max(1, stored.Repeat)
	stored.Recipe, stored.Optimizer = cmp.Or(stored.Recipe, notebook), cmp.Or(stored.Optimizer, "adam")
	stored.RateScale = cmp.Or(stored.RateScale, unscaled)
	return stored
}

// checkStored is check for a run that goes on, with what it is to do in another way.
func (s *settings) checkStored() error {
	whole := *s
	whole.Settings = chosenThen(s.Settings)
	return whole.check()
}

// stored reads what a run that goes on was made with, and takes it over.
func stored(app Program, s *settings) (run.Config, error) {
	s.resume = filepath.Clean(s.resume)
	folder := run.Folder(s.resume)
	c, err := app.ranks.readConfig(folder)
	if err != nil {
		return c, fmt.Errorf("-resume %s: %w", s.resume, err)
	}
	if c.Phase != "" {
		return c, shell.Usagef("-resume %s: is the %s of a run: resume that with -resume %s", s.resume, c.Phase, shell.Quoted(filepath.Dir(s.resume)))
	}
	if own := app.ownName(c.Data); own != "" && c.Network != own {
		return c, shell.Usagef("-resume %s: is a run of %s: resume it with %s -resume %s", s.resume, c.Network, app.trainer(c.Network), shell.Quoted(filepath.ToSlash(s.resume)))
	}
	if err := unusable(c, s.resume); err != nil {
		return c, fmt.Errorf("-resume %s: %w", s.resume, err)
	}
	if s.net != "" && s.net != c.Network {
		return c, shell.Usagef("-net %s: the run has the network %s and keeps it: leave the flag out, or begin another run", shell.Quoted(s.net), c.Network)
	}
	if err := s.adopt(c.Settings); err != nil {
		return c, err
	}
	return c, s.checkStored()
}

// unusable says why no run can have been begun with a config.json: it is damaged, or
// somebody has changed it.
func unusable(c run.Config, resume string) error {
	if _, err := c.Net(); err != nil {
		return err
	}
	own := settings{Settings: c.Settings, resume: resume}
	if err := own.checkStored(); err != nil {
		return fmt.Errorf("%s: it was changed: its %s", run.ConfigFile, strings.TrimPrefix(err.Error(), "-"))
	}
	return nil
}

// openStored opens the data of a run that goes on, which must be the same.
func openStored(s *settings, c run.Config) (*data.Dataset, error) {
	dir := "" // where the run found them
	if s.given["data"] {
		dir = s.Data
	}
	set, err := c.OpenData(dir)
	if err != nil && dir == "" {
		return nil, fmt.Errorf("-resume %s: %w; if the data have moved, say with -data where they are", s.resume, err)
	}
	if err != nil {
		return nil, err
	}
	if s.held, err = s.HoldOut(set); err != nil {
		return nil, err
	}
	now := c
	now.Data = source(set)
	if d := now.Differs(c); d != "" {
		return nil, fmt.Errorf("-resume %s: the data in %s are not the run's: %s", s.resume, set.Dir, d)
	}
	return set, nil
}

// goOn gives the job the state of the newest checkpoint that the run's log fits.
func (j *job) goOn() error {
	before, misfit := math.MaxInt, error(nil)
	for {
		state, passedOver, err := j.folder.LoadOlder(before)
		if passedOver != nil {
			fmt.Fprintf(j.stderr, "warning: a damaged checkpoint is skipped: %s\n", shell.Words(passedOver))
		}
		if err != nil && misfit != nil {
			return fmt.Errorf("-resume %s: %w; no older checkpoint fits it: add -repair to make it anew of the rows that are left", j.folder, misfit)
		}
		if err != nil {
			return fmt.Errorf("-resume %s: %w", j.folder, err)
		}
		if err := j.restore(state); err != nil {
			return fmt.Errorf("-resume %s: %w", j.folder, err)
		}
		fits := j.steps.Check(j.from)
		if fits == nil || j.settings.repair {
			if misfit != nil {
				fmt.Fprintf(j.stderr, "warning: %s; the run is resumed from the older checkpoint of step %d\n", shell.Words(misfit), j.from.Step)
			}
			return j.repair(fits)
		}
		before = state.Position.Step
		if misfit == nil {
			misfit = fits
		}
	}
}

// restore gives the job a state.
func (j *job) restore(state *run.State) error {
	if d := j.config.Differs(state.Config); d != "" {
		return fmt.Errorf("config.json is not the one that the run was begun with: its %s", d)
	}
	if err := state.Restore(j.checkpoint.Parts); err != nil {
		return err
	}
	j.from, j.steps.Folder = state.Position, j.folder
	j.checkpoint.Resume(state)
	return nil
}

// repair makes the log of steps fit, if it does not, and says what it lacks.
func (j *job) repair(misfit error) error {
	if misfit == nil {
		return nil
	}
	lost, err := j.steps.Repair(j.from)
	if err != nil {
		return err
	}
	fmt.Fprintf(j.stderr, "repaired: %s\n", shell.Words(misfit))
	if lost != "" {
		fmt.Fprintf(j.stderr, "warning: %s\n", lost)
	}
	return nil
}

// outcome is how a run has ended, if it has. A file that is damaged says nothing of
// that: the end comes again, with the same bits.
func (j *job) outcome(folder run.Folder) (o run.Outcome, ok bool) {
	o, ok, err := folder.ReadOutcome()
	if err != nil {
		fmt.Fprintf(j.stderr, "warning: %s: it is written anew\n", shell.Words(err))
	}
	return o, ok
}

// finished says what there is to say if nothing of the run is left to do.
func (j *job) finished() (bool, error) {
	o, ok := j.outcome(j.folder)
	if !ok || o.Steps != j.from.Step || !j.from.Done(j.settings.Epochs, j.settings.Steps) {
		return false, nil
	}
	if j.events != nil {
		return true, j.events.Emit(j.end(o))
	}
	_, err := fmt.Fprintf(j.stdout, "%s is finished: %s; test accuracy %.4f, test loss %.4f after %d steps%s\n", j.folder, o.Reason, o.TestAccuracy, o.TestLoss, o.Steps, j.more())
	return true, err
}

// more says with which flags a finished run can be resumed, if with any.
func (j *job) more() string {
	s := j.settings
	if j.from.Stopped != "" {
		return "" // for good
	}
	var flags []string
	if j.from.Epoch > s.Epochs || j.from.Epoch == s.Epochs && j.from.Whole {
		if train.SchedulePlansLength(s.Schedule) || s.SWA > 0 {
			return "" // laid out for these epochs
		}
		flags = append(flags, "-epochs")
	}
	if s.Steps > 0 && j.from.Step >= s.Steps {
		flags = append(flags, "-steps")
	}
	return "; resume it with more " + strings.Join(flags, " and ") + " to train on"
}

// resumeLine is the command that goes on with the run.
func (j *job) resumeLine() string {
	launcher := ""
	if n := j.app.ranks.size(); n > 1 {
		for _, word := range group.Launcher(n) {
			launcher += shell.Quoted(word) + " "
		}
	}
	return fmt.Sprintf("%s%s -resume %s", launcher, j.app.command(), shell.Quoted(filepath.ToSlash(string(j.folder))))
}
