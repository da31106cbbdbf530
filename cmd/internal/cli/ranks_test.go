package cli

import (
	"strings"
	"testing"

	"stheno/nets/train"
)

// TestRanksPlanTheSameLength: one that stops before the others leaves them
// waiting for ever.
func TestRanksPlanTheSameLength(t *testing.T) {
	first := train.Config{Settings: train.Settings{Epochs: 10, Schedule: "constant"}}
	if err := unlike(first, first); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*train.Settings){
		"settings.epochs is 3, not 10":                  func(s *train.Settings) { s.Epochs = 3 },
		"settings.steps is 5, not 0":                    func(s *train.Settings) { s.Steps = 5 },
		`settings.schedule is "cosine", not "constant"`: func(s *train.Settings) { s.Schedule = "cosine" },
		`settings.augment is "affine", not absent`:      func(s *train.Settings) { s.Augment = "affine" },
	} {
		c := first
		change(&c.Settings)
		if err := unlike(c, first); err == nil || !strings.HasSuffix(err.Error(), "than rank 0: its "+want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
