package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"stheno/nets/durable"
)

// lineVersion is the version of a line. It grows when a reader of the old form
// could be misled.
const lineVersion = 1

// line is what a run, or a committee, has reached: a line of study-STUDY.jsonl.
type line struct {
	Version int    `json:"version"`
	Study   string `json:"study"`
	Run     string `json:"run"`
	Network string `json:"network"`
	Flags   string `json:"flags"`
	Recipe  string `json:"recipe,omitempty"` // what the recipe that they name says beyond them
	Seed    int    `json:"seed"`             // 0 is the committee of Seeds
	Seeds   []int  `json:"seeds,omitempty"`  // of a committee
	Views   string `json:"views,omitempty"`  // flags of cmd/compare with which a committee looks at images

	TestAccuracy *float64 `json:"test_accuracy,omitempty"` // of final studies
	TestLoss     *float64 `json:"test_loss,omitempty"`
	ValAccuracy  *float64 `json:"val_accuracy,omitempty"` // of the held-out images, in studies that tune
	ValLoss      *float64 `json:"val_loss,omitempty"`

	Seconds float64 `json:"seconds"`                // of training, validation and a pre-training included; of a committee the sum
	Epochs  int     `json:"epochs"`                 // the same
	Steps   int     `json:"steps"`                  // the same
	Model   string  `json:"model_sha256,omitempty"` // of model.safetensors

	machine
	Began    string          `json:"began_at,omitempty"` // the commit at which the run was begun, where it is another
	Settings json.RawMessage `json:"settings,omitempty"` // config.json's, without the place of the data
}

// job is the job that has written the line, as far as it tells.
func (l line) job() job {
	return job{l.Study, entry{name: l.Run, network: l.Network, flags: l.Flags}, l.Recipe, l.Seed, committee{flags: l.Views}}
}

// results are the lines, of all studies.
type results []line

// of finds a job's line.
func (r results) of(j job) (line, bool) {
	for _, l := range r {
		if l.Seed == j.seed && l.Views == j.of.flags && l.job().kind() == j.kind() {
			return l, true
		}
	}
	return line{}, false
}

func resultFile(dir, study string) string { return filepath.Join(dir, "study-"+study+".jsonl") }

// readResults reads the files of all studies; those that are not there have no
// lines.
func readResults(dir string, studies []study) (all results, err error) {
	for _, s := range studies {
		path := resultFile(dir, s.name)
		content, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		n := 0
		for text := range bytes.Lines(content) {
			n++
			var l line
			if err := json.Unmarshal(text, &l); err != nil {
				return nil, fmt.Errorf("%s: line %d: %w", path, n, err)
			}
			if l.Version != lineVersion || l.Study != s.name {
				return nil, fmt.Errorf("%s: line %d: has version %d and study %q, expected %d and %q", path, n, l.Version, l.Study, lineVersion, s.name)
			}
			all = append(all, l)
		}
	}
	return all, nil
}

// appendResult puts a line behind its study's others. The file is replaced whole:
// no crash leaves half a line.
func appendResult(dir string, l line) error {
	path := resultFile(dir, l.Study)
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if len(content) > 0 && !bytes.HasSuffix(content, []byte("\n")) {
		content = append(content, '\n')
	}
	return durable.WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(append(append(content, text...), '\n'))
		return err
	})
}

// lock makes this process the only one that reads and writes the results.
func lock(dir string) (unlock func() error, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	l := flock.New(filepath.Join(dir, ".study.lock"))
	held, err := l.TryLock()
	if err != nil {
		return nil, err
	}
	if !held {
		return nil, fmt.Errorf("%s: another process is at work on the studies: wait for it, or give it more -jobs", dir)
	}
	return l.Unlock, nil
}
