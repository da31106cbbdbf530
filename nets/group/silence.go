package group

import (
	"fmt"
	"time"
)

// The environment variable that says how long a rank may be silent before the
// others give it up, and what it is by default.
const (
	SilenceVariable = "STHENO_RANK_TIMEOUT"
	defaultSilence  = time.Minute
)

// silence reads it.
func silence(getenv func(string) string) (time.Duration, error) {
	text := getenv(SilenceVariable)
	if text == "" {
		return defaultSilence, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Second {
		return 0, fmt.Errorf("%s=%q: must be a duration of at least a second, such as 90s", SilenceVariable, text)
	}
	return d, nil
}
