package command

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"stheno/nets/group"
	"stheno/nets/run"
	"stheno/nets/train/progress"
)

// TestRanksPlanTheSameLength: one that stops before the others leaves them
// waiting for ever.
func TestRanksPlanTheSameLength(t *testing.T) {
	first := run.Config{Settings: run.Settings{Epochs: 10, Schedule: "constant"}}
	if err := unlike(first, first); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*run.Settings){
		"settings.epochs is 3, not 10":                  func(s *run.Settings) { s.Epochs = 3 },
		"settings.steps is 5, not 0":                    func(s *run.Settings) { s.Steps = 5 },
		`settings.schedule is "cosine", not "constant"`: func(s *run.Settings) { s.Schedule = "cosine" },
		`settings.augment is "affine", not absent`:      func(s *run.Settings) { s.Augment = "affine" },
	} {
		c := first
		change(&c.Settings)
		if err := unlike(c, first); err == nil || !strings.HasSuffix(err.Error(), "than rank 0: its "+want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// second is a rank that writes nothing, as far as it gets without the others.
type second struct{ group.Group }

func (second) Rank() int { return 1 }
func (second) Size() int { return 2 }

// TestOneRankWritesTheSheet, and the others have nothing to do.
func TestOneRankWritesTheSheet(t *testing.T) {
	out := filepath.Join(t.TempDir(), "sheet.png")
	app := mlp
	app.ranks = &ranks{Group: second{}}
	s, err := parse(app, []string{"-data", small(t), "-augment", "affine", "-augment-sheet", out}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := begin(t.Context(), app, s, progress.New(0, io.Discard, progress.Terminal{}), io.Discard, io.Discard); err != nil {
		t.Error(err)
	}
	if left := files(t, filepath.Dir(out)); len(left) > 0 {
		t.Errorf("rank 1 writes %v", left)
	}
}
