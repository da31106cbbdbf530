package command

import (
	"fmt"
	"strings"

	"stheno/cmd/internal/shell"
	"stheno/data/digit"
	"stheno/nets/run"
)

// preparation is how pictures become the network's images: as the run's training
// images were made, or as a flag says.
type preparation struct {
	by    digit.Preparation
	run   digit.Preparation
	said  bool   // the run's config.json says it
	flag  string // that wants it so; empty: as the run has it
	input [3]int
}

// preparation is that of a run, or the one that the flags want.
func (s *settings) preparation(c run.Config) (preparation, error) {
	p := preparation{run: c.Preparation(), said: c.Settings.Preparation != digit.Preparation{}, input: c.Data.Image}
	p.by = p.run
	switch {
	case s.raw:
		p.by.Method, p.flag = digit.Raw, "-raw"
	case s.mnist:
		p.by.Method, p.flag = digit.MNIST, "-mnist"
	}
	if err := p.by.Check(p.input); err != nil {
		text := strings.TrimPrefix(err.Error(), "digit: ")
		if p.flag != "" {
			return p, shell.Usage(p.flag + ": " + text)
		}
		return p, fmt.Errorf("the run's %s: %s", run.ConfigFile, text)
	}
	return p, nil
}

// String is the line that a person reads.
func (p *preparation) String() string {
	what := fmt.Sprintf("pictures are scaled to %d x %d and nothing else", p.input[0], p.input[1])
	if p.by.Method == digit.MNIST {
		what = "pictures are prepared as MNIST's were (ink found, 20 pixels long, centred)"
	}
	switch {
	case p.flag != "" && p.by != p.run:
		return fmt.Sprintf("%s: %s, unlike those that the run was trained on", p.flag, what)
	case !p.said:
		what += ", as fits the run's data (its " + run.ConfigFile + " does not say how)"
	default:
		what += ", as those were that the run was trained on"
	}
	switch {
	case p.flag != "":
		return p.flag + ": " + what
	case p.by.Method == digit.MNIST:
		return what + "; -raw only scales them"
	case digit.Preparation{Method: digit.MNIST}.Check(p.input) == nil:
		return what + "; -mnist prepares them as MNIST's"
	}
	return what
}
