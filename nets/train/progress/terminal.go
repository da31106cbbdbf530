package progress

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// Terminal says what may be written to an output. Its zero value is a plain
// file: no redrawing, no colour.
type Terminal struct {
	Interactive bool       // lines may be redrawn with a carriage return
	Color       bool       // colour codes may be written
	Width       func() int // columns, asked anew at each redraw; nil means 80
}

// Detect examines w. Color is the value of the -color flag: auto (or empty),
// always or never; any other is an error. Env looks up the environment; nil
// means os.Getenv.
//
// An output is interactive if it is a terminal, TERM is not dumb and CI is not
// set. Colour follows the flag, else NO_COLOR, else CLICOLOR_FORCE and
// FORCE_COLOR, else it is on where the output is interactive.
func Detect(w io.Writer, color string, env func(string) string) (Terminal, error) {
	if env == nil {
		env = os.Getenv
	}
	var t Terminal
	file, ok := w.(*os.File)
	if ok && file != nil && term.IsTerminal(int(file.Fd())) {
		t.Interactive = env("TERM") != "dumb" && !isSet(env("CI"))
		t.Width = func() int { return columns(file) }
	}
	understood := t.Width == nil || enableCodes(file.Fd())
	switch color {
	case "", "auto":
		t.Color = autoColor(t.Interactive, env) && understood
	case "always":
		t.Color = true
	case "never":
	default:
		return Terminal{}, fmt.Errorf("color %q: want auto, always or never", color)
	}
	return t, nil
}

// autoColor obeys the environment where the flag leaves the choice.
func autoColor(interactive bool, env func(string) string) bool {
	if env("NO_COLOR") != "" {
		return false
	}
	for _, name := range []string{"CLICOLOR_FORCE", "FORCE_COLOR"} {
		if v := env(name); v != "" && v != "0" {
			return true
		}
	}
	return interactive
}

// isSet reports whether a variable such as CI is switched on: some set
// CI=false to say that they are not in one.
func isSet(v string) bool { return v != "" && v != "0" && v != "false" }

// columns is the width of a terminal. GetSize can say 0 without an error.
func columns(file *os.File) int {
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// limit is how many columns a line may fill: one less than there are, since
// many terminals wrap as soon as the last one is written.
func (t Terminal) limit() int {
	width := 0
	if t.Width != nil {
		width = t.Width()
	}
	if width <= 0 {
		width = 80
	}
	return width - 1
}

// Wrap breaks prose between words so that it fits a terminal; a path that is
// longer stays whole. For a file or another program prose stays a line.
func (t Terminal) Wrap(prose string) string {
	if t.Width == nil {
		return prose
	}
	var lines []string
	line, limit := "", t.limit()
	for _, word := range strings.Fields(prose) {
		if line != "" && text.StringWidthWithoutEscSequences(line)+1+text.StringWidthWithoutEscSequences(word) > limit {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return strings.Join(append(lines, line), "\n")
}

// Lines wraps each line of a text as prose, but for those that are set in: a
// command is pasted whole.
func (t Terminal) Lines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, " ") {
			lines[i] = t.Wrap(line)
		}
	}
	return strings.Join(lines, "\n")
}

// Fits says whether each line of a text has room on one of the terminal's. A
// file has room for any.
func (t Terminal) Fits(lines string) bool {
	return t.Width == nil || text.LongestLineLen(lines) <= t.limit()
}
