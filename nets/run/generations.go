package run

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"stheno/nets/internal/disk"
)

const (
	generationPrefix = "step-"
	generationSuffix = ".safetensors"
)

// generation is the path of the checkpoint after so many steps.
func (f Folder) generation(step int) string { return f.File(generationName(step)) }

// generationName is the same within the folder.
func generationName(step int) string {
	return filepath.Join(CheckpointDir, fmt.Sprintf("%s%06d%s", generationPrefix, step, generationSuffix))
}

// generations are the steps of which there are checkpoints, newest first.
func (f Folder) generations() ([]int, error) {
	entries, err := os.ReadDir(f.File(CheckpointDir))
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	var steps []int
	for _, e := range entries {
		step, ok := strings.CutPrefix(e.Name(), generationPrefix)
		step, ok2 := strings.CutSuffix(step, generationSuffix)
		if n, err := strconv.Atoi(step); ok && ok2 && err == nil && filepath.Base(f.generation(n)) == e.Name() {
			steps = append(steps, n)
		}
	}
	slices.Sort(steps)
	slices.Reverse(steps)
	return steps, nil
}

var errNoCheckpoint = errors.New("holds no checkpoint")

// LoadState reads the newest checkpoint that is not damaged. passedOver says
// what is wrong with those that are newer.
func (f Folder) LoadState() (s *State, passedOver, err error) { return f.LoadOlder(math.MaxInt) }

// LoadOlder is LoadState among the checkpoints before a step.
func (f Folder) LoadOlder(before int) (s *State, passedOver, err error) {
	steps, err := f.generations()
	if err != nil {
		return nil, nil, err
	}
	for _, step := range steps {
		if step >= before {
			continue
		}
		s, err := readCheckpoint(f.generation(step))
		if err == nil && s.Position.Step != step {
			err = fmt.Errorf("%s: is of step %d", f.generation(step), s.Position.Step)
		}
		if err == nil {
			return s, passedOver, nil
		}
		passedOver = errors.Join(passedOver, err)
	}
	if passedOver == nil {
		return nil, nil, fmt.Errorf("run: %s: %w", f.File(CheckpointDir), errNoCheckpoint)
	}
	return nil, nil, fmt.Errorf("run: no checkpoint can be read: %w", passedOver)
}

// save writes a checkpoint, and removes all but it and the one that is known to
// be good. One that is written anew, of a step whose epoch was not whole yet,
// removes nothing: those before it are the only others.
func (f Folder) save(s *State, good int) error {
	if err := f.WriteFile(generationName(s.Position.Step), s.write); err != nil {
		if _, lost := isLost(err); lost {
			return err
		}
		return fmt.Errorf("run: %w", err)
	}
	if s.Position.Step == good {
		return nil
	}
	entries, err := os.ReadDir(f.File(CheckpointDir))
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	keep := []string{filepath.Base(f.generation(s.Position.Step)), filepath.Base(f.generation(good))}
	for _, e := range entries {
		hidden := strings.HasPrefix(e.Name(), "."+generationPrefix) // a killed process left it
		if !slices.Contains(keep, e.Name()) && (hidden || strings.HasPrefix(e.Name(), generationPrefix)) {
			// What cannot be removed stays, and does no harm.
			_ = disk.Remove(filepath.Join(f.File(CheckpointDir), e.Name()))
		}
	}
	return nil
}
