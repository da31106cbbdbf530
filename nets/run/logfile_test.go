package run_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"stheno/nets/run"
	"stheno/nets/train"
)

// full makes a file of the folder one that opens, and has room for nothing.
func full(t *testing.T, f run.Folder, name string) {
	t.Helper()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("needs /dev/full, a device of Linux that has no room")
	}
	must(t, os.Symlink("/dev/full", f.File(name)))
}

// TestAFullDiskDoesNotEndTraining: it is told once, and again at the end, where it
// is an error.
func TestAFullDiskDoesNotEndTraining(t *testing.T) {
	p := newTrial(t, mlpRecipe, 1)
	p.steps.Warn = p.checkpoint.Warn
	p.in(run.Folder(quick(t)))
	full(t, p.folder, run.StepsFile)
	must(t, os.Mkdir(p.folder.File(run.CheckpointDir), 0o777))
	must(t, p.checkpoint.Begin(p.folder))
	_, err := p.fit(t.Context())
	if !errors.Is(err, syscall.ENOSPC) || strings.Count(err.Error(), "\n") > 0 || !strings.Contains(err.Error(), p.folder.File(run.StepsFile)) || p.adam.State().Step != recipeSteps {
		t.Errorf("after step %d: %v", p.adam.State().Step, err)
	}
	told := 0
	for _, w := range p.warnings {
		if !errors.Is(w, syscall.ENOSPC) || !strings.Contains(w.Error(), p.folder.File(run.StepsFile)+": no space left on device; training goes on, and ") {
			t.Errorf("warning %v", w)
		}
		if strings.Contains(w.Error(), "is kept until it can be written") {
			told++
		}
	}
	if steps, _ := p.folder.Generations(); told != 1 || len(p.warnings) != 1+4 || len(steps) != 1 || steps[0] != 0 {
		t.Errorf("warnings %v, checkpoints %v", p.warnings, steps)
	}
}

// TestRowsThatNobodySyncsAreAnErrorAtTheEnd of a training without checkpoints.
func TestRowsThatNobodySyncsAreAnErrorAtTheEnd(t *testing.T) {
	f := run.Folder(t.TempDir())
	full(t, f, "log.csv")
	c := &run.CSVLogger{Path: f.File("log.csv")}
	must(t, errors.Join(c.TrainBegin(&train.Stats{}), c.EpochEnd(&train.Stats{Epoch: 1}), c.EpochEnd(&train.Stats{Epoch: 2})))
	if err := c.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	must(t, c.Close())
}

// TestHistoryWaitsForRoom: its files are written with the next row, or at the end.
func TestHistoryWaitsForRoom(t *testing.T) {
	for _, lasting := range []bool{false, true} {
		f, warned := run.Folder(t.TempDir()), 0
		h := &run.History{Folder: f, Warn: func(error) { warned++ }}
		must(t, h.TrainBegin(nil))
		must(t, os.Rename(string(f), string(f)+"-away"))
		must(t, errors.Join(h.EpochEnd(&train.Stats{Epoch: 1}), h.EpochEnd(&train.Stats{Epoch: 2})))
		if lasting {
			if err := h.TrainEnd(nil); err == nil || !strings.Contains(err.Error(), f.File(run.HistoryJSONFile)) {
				t.Error(err)
			}
			must(t, os.Rename(string(f)+"-away", string(f)))
			continue
		}
		must(t, os.Rename(string(f)+"-away", string(f)))
		must(t, h.TrainEnd(nil))
		var rows []train.Row
		must(t, json.Unmarshal([]byte(readFile(t, f, run.HistoryJSONFile)), &rows))
		if len(rows) != 2 || warned != 1 {
			t.Errorf("%d rows, %d warnings", len(rows), warned)
		}
	}
}
