package progress

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"stheno/nets/train"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// clock is a time that only moves when told to.
type clock struct{ t time.Time }

func newClock() *clock { return &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) now() time.Time                  { return c.t }
func (c *clock) pass(d time.Duration)            { c.t = c.t.Add(d) }
func (c *clock) seconds(since time.Time) float64 { return c.t.Sub(since).Seconds() }

// fake is a run of the trainer: what Fit would tell its callbacks.
type fake struct {
	clock             *clock
	epochs, batches   int
	first, step, test time.Duration // of the first step, the others and a test batch
	testBatches       int           // 0 means no validation
	stopAt            int           // step after which training stops; 0 means never
	evaluate          bool          // validate once more after training
}

func short(validated bool) fake {
	f := fake{clock: newClock(), epochs: 2, batches: 3, first: 400 * time.Millisecond, step: 60 * time.Millisecond, test: 30 * time.Millisecond}
	if validated {
		f.testBatches = 4
	}
	return f
}

// play calls c as Fit would, and fails the test if c fails.
func (f fake) play(t *testing.T, c train.Callback) {
	t.Helper()
	s := &train.Stats{Epochs: f.epochs, Batches: f.batches, LearningRate: 0.001}
	check(t, c.TrainBegin(s))
	for s.Epoch = 1; s.Epoch <= f.epochs; s.Epoch++ {
		if !f.epoch(t, c, s) {
			break
		}
	}
	check(t, c.TrainEnd(s))
	if f.evaluate {
		f.validate(t, c, s)
	}
}

// epoch plays one epoch, and reports whether training goes on.
func (f fake) epoch(t *testing.T, c train.Callback, s *train.Stats) bool {
	begin := f.clock.t
	s.Validated = false
	check(t, c.EpochBegin(s))
	for s.Batch = 1; s.Batch <= f.batches; s.Batch++ {
		f.clock.pass(f.step)
		if s.Batch == 1 {
			f.clock.pass(f.first - f.step)
		}
		s.Step++
		s.Loss = 1.25 / float64(s.Step*s.Step*s.Step*s.Step) // falls below 1e-3
		s.Accuracy = 1 - 0.25/float64(s.Step)
		s.Seconds = f.clock.seconds(begin)
		s.SecondsPerStep = s.Seconds / float64(s.Batch)
		check(t, c.BatchEnd(s))
		if s.Step == f.stopAt {
			return false
		}
	}
	s.Batch = f.batches
	if f.testBatches > 0 {
		f.validate(t, c, s)
		s.Validated, s.ValLoss, s.ValAccuracy = true, s.Loss*2, s.Accuracy/2
	}
	s.Seconds = f.clock.seconds(begin)
	check(t, c.EpochEnd(s))
	return true
}

func (f fake) validate(t *testing.T, c train.Callback, s *train.Stats) {
	s.TestBatches = f.testBatches
	for s.TestBatch = 1; s.TestBatch <= f.testBatches; s.TestBatch++ {
		f.clock.pass(f.test)
		check(t, c.TestBatchEnd(s))
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wide is a terminal of so many columns.
func wide(columns int, color bool) Terminal {
	return Terminal{Interactive: true, Color: color, Width: func() int { return columns }}
}

// golden compares got, its control codes made visible, with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	got = strings.NewReplacer("\r", "\n<cr>", "\x1b[1m", "<bold>", "\x1b[32m", "<green>",
		"\x1b[37m", "<white>", "\x1b[0m", "<off>").Replace(got)
	got = strings.ReplaceAll(got, " \n", " <pad>\n")
	path := filepath.Join("testdata", name+".golden")
	if *update {
		check(t, os.MkdirAll("testdata", 0o755))
		check(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	check(t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// screen is a terminal that holds rows of runes and refuses to wrap.
type screen struct {
	rows    [][]rune
	col     int
	columns func() int
	drawn   func(row string) // told the last row after each write
}

func (s *screen) Write(p []byte) (int, error) {
	text := string(p)
	for text != "" {
		if strings.HasPrefix(text, "\x1b[") {
			text = text[strings.IndexByte(text, 'm')+1:]
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		text = text[n:]
		if err := s.put(r); err != nil {
			return 0, err
		}
	}
	if s.drawn != nil && s.col > 0 {
		s.drawn(s.row(len(s.rows) - 1))
	}
	return len(p), nil
}

func (s *screen) put(r rune) error {
	if len(s.rows) == 0 {
		s.rows = append(s.rows, nil)
	}
	last := len(s.rows) - 1
	switch r {
	case '\r':
		s.col = 0
	case '\n':
		s.rows, s.col = append(s.rows, nil), 0
	default:
		if s.col >= s.columns()-1 && s.columns() > 1 {
			return fmt.Errorf("wrote %q in column %d of %d", r, s.col+1, s.columns())
		}
		for len(s.rows[last]) <= s.col {
			s.rows[last] = append(s.rows[last], ' ')
		}
		s.rows[last][s.col] = r
		s.col++
	}
	return nil
}

func (s *screen) row(i int) string { return strings.TrimRight(string(s.rows[i]), " ") }

func (s *screen) String() string {
	var b strings.Builder
	for i := range s.rows {
		b.WriteString(s.row(i) + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
