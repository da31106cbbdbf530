package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"stheno/data/digit"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train/progress"
)

// eventsVersion is the version of -json's lines. It grows when a reader of the
// old form could be misled.
const eventsVersion = 2

// guess is a nets.Guess as -json has it.
type guess struct {
	Class       int     `json:"class"`
	Name        string  `json:"name,omitempty"` // of the class, where it has one
	Probability float32 `json:"probability"`
}

// predictionLine is a line of -json for each picture.
type predictionLine struct {
	Type    string  `json:"type"` // "prediction"
	Version int     `json:"version"`
	Model   string  `json:"model"`
	Image   string  `json:"image"`
	Label   *int    `json:"label,omitempty"` // where it is known
	Ink     bool    `json:"ink"`             // false: a blank picture, each class is as likely
	Top     []guess `json:"top"`

	Preparation digit.Method `json:"preparation"` // of the picture
}

// errorLine is one for each input that has failed.
type errorLine struct {
	Type    string `json:"type"` // "error"
	Version int    `json:"version"`
	Image   string `json:"image,omitempty"`
	Error   string `json:"error"`
}

// evaluationLine is one for each input whose classes are known.
type evaluationLine struct {
	Type      string  `json:"type"` // "evaluation"
	Version   int     `json:"version"`
	Model     string  `json:"model"`
	Data      string  `json:"data"`
	Images    int     `json:"images"`
	Right     int     `json:"right"`
	Accuracy  float64 `json:"accuracy"`
	Confusion [][]int `json:"confusion"`       // [true class][predicted class]
	Blank     int     `json:"blank,omitempty"` // pictures without ink, which count as wrong

	Preparation digit.Method `json:"preparation,omitempty"` // of the pictures; absent for IDX files, whose images are taken as they are
}

// answers writes what is found, to a person or a program.
type answers struct {
	stdout, stderr io.Writer
	prose          progress.Terminal // what stderr is
	json           *json.Encoder     // nil for a person
	model          string
	source         run.Source   // knows what the classes are called
	preview        *preview     // nil for none
	prepared       digit.Method // how pictures are prepared; empty as long as there were none
	failed         bool         // an input has failed
}

func newAnswers(s *settings, folder run.Folder, source run.Source, input [3]int, terminal progress.Terminal, stdout, stderr io.Writer) *answers {
	a := &answers{stdout: stdout, stderr: stderr, model: string(folder), source: source}
	if s.json {
		a.json = json.NewEncoder(stdout)
		a.json.SetEscapeHTML(false)
		return a
	}
	if s.preview == "always" || s.preview == "auto" && terminal.Interactive {
		a.preview = newPreview(input, terminal)
	}
	return a
}

// prediction answers for a picture; label is -1 if its class is not known.
func (a *answers) prediction(name string, label int, ink bool, top []nets.Guess, pixels []uint8) error {
	if a.json != nil {
		line := predictionLine{Type: "prediction", Version: eventsVersion, Model: a.model, Image: name, Ink: ink, Top: a.guesses(top), Preparation: a.prepared}
		if label >= 0 {
			line.Label = &label
		}
		return a.json.Encode(line)
	}
	text := fmt.Sprintf("no ink found; every class has %.4f", top[0].Probability)
	if ink {
		var guesses []string
		for _, g := range top {
			guesses = append(guesses, fmt.Sprintf("%s (%.4f)", a.source.Class(g.Class), g.Probability))
		}
		text = strings.Join(guesses, ", ")
		if label >= 0 && label != top[0].Class {
			text += ", should be " + a.source.Class(label)
		}
	}
	if ink && a.preview != nil {
		text += "\n" + a.preview.show(pixels)
	}
	_, err := fmt.Fprintf(a.stdout, "%s: %s\n", printable(name), text)
	return err
}

// guesses are named where classes have names.
func (a *answers) guesses(top []nets.Guess) (list []guess) {
	for _, g := range top {
		one := guess{Class: g.Class, Probability: g.Probability}
		if len(a.source.Names) > 0 {
			one.Name = a.source.Class(g.Class)
		}
		list = append(list, one)
	}
	return list
}

// prepares says, before the first picture's answer, how pictures are prepared.
func (a *answers) prepares(p *preparation) {
	if a.prepared == "" && a.json == nil {
		a.note("%s", p)
	}
	a.prepared = p.by.Method
}

// note tells a person something beside the answers.
func (a *answers) note(format string, args ...any) {
	fmt.Fprintln(a.stderr, a.prose.Lines(fmt.Sprintf(format, args...)))
}

// evaluation answers for pictures whose classes are known, prepared in a way if
// they were no images before.
func (a *answers) evaluation(name string, c *confusion, prepared digit.Method) error {
	if a.json != nil {
		return a.json.Encode(evaluationLine{"evaluation", eventsVersion, a.model, name, c.images(), c.right(), c.accuracy(), c.rows(), c.blank(), prepared})
	}
	_, err := fmt.Fprintf(a.stdout, "%s: %d of %d images right, accuracy %.4f\n\n%s", printable(name), c.right(), c.images(), c.accuracy(), c.table(a.source.Class))
	return err
}

// failure tells of an input that cannot be read; name is empty if the error has
// it. It returns an error only if that cannot be written.
func (a *answers) failure(name string, failure error) error {
	a.failed = true
	text := cause(failure)
	if name == "" {
		fmt.Fprintf(a.stderr, "predict: %s\n", text)
	} else {
		fmt.Fprintf(a.stderr, "predict: %s: %s\n", printable(name), text)
	}
	if a.json == nil {
		return nil
	}
	return a.json.Encode(errorLine{"error", eventsVersion, name, text})
}

// printable quotes a name that would command a terminal.
func printable(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(name)
	}
	return name
}
