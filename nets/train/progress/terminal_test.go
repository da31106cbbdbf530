package progress

import (
	"bytes"
	"io"
	"os"
	"testing"

	"golang.org/x/term"
)

// pty opens the master side of a new terminal, whose size is 0x0.
func pty(t *testing.T) *os.File {
	t.Helper()
	file, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { file.Close() })
	if !term.IsTerminal(int(file.Fd())) {
		t.Skip("the master side is no terminal here")
	}
	return file
}

type env map[string]string

func (e env) get(name string) string { return e[name] }

func TestDetectTerminal(t *testing.T) {
	file := pty(t)
	tests := []struct {
		env                env
		flag               string
		interactive, color bool
	}{
		{env{"TERM": "xterm"}, "auto", true, true},
		{env{}, "", true, true},
		{env{"TERM": "dumb"}, "auto", false, false},
		{env{"CI": "true"}, "auto", false, false},
		{env{"CI": "false"}, "auto", true, true},
		{env{"NO_COLOR": "1"}, "auto", true, false},
		{env{"NO_COLOR": "1", "FORCE_COLOR": "1"}, "auto", true, false},
		{env{"NO_COLOR": "1"}, "always", true, true},
		{env{"FORCE_COLOR": "1"}, "never", true, false},
		{env{"FORCE_COLOR": "1", "CI": "1"}, "auto", false, true},
	}
	for _, test := range tests {
		got, err := Detect(file, test.flag, test.env.get)
		check(t, err)
		if got.Interactive != test.interactive || got.Color != test.color {
			t.Errorf("%v -color=%s: interactive %t, color %t", test.env, test.flag, got.Interactive, got.Color)
		}
		if got := got.limit(); got != 79 {
			t.Errorf("a terminal of no known size has %d columns to fill, want 79", got)
		}
	}
}

// TestOn: a bar on a terminal that may be redrawn, in colour if that is wanted; lines
// elsewhere.
func TestOn(t *testing.T) {
	set := func(ci, noColor string) {
		for name, value := range map[string]string{"TERM": "xterm", "CI": ci, "NO_COLOR": noColor, "CLICOLOR_FORCE": "", "FORCE_COLOR": ""} {
			t.Setenv(name, value)
		}
	}
	set("", "")
	if _, ok := On(&bytes.Buffer{}).(*Plain); !ok {
		t.Error("no plain lines go to a file")
	}
	file := pty(t)
	if bar, ok := On(file).(*Bar); !ok || !bar.Terminal.Color || bar.Terminal.Width == nil {
		t.Errorf("on a terminal: %+v", bar)
	}
	set("", "1")
	if bar, ok := On(file).(*Bar); !ok || bar.Terminal.Color {
		t.Errorf("with NO_COLOR: %+v", bar)
	}
	set("true", "")
	if _, ok := On(file).(*Plain); !ok {
		t.Error("no plain lines in CI")
	}
}

func TestDetectNoTerminal(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	check(t, err)
	defer null.Close()
	_, pipe, err := os.Pipe()
	check(t, err)
	defer pipe.Close()
	for _, w := range []io.Writer{&bytes.Buffer{}, null, pipe, (*os.File)(nil), nil} {
		for _, test := range []struct {
			env   env
			flag  string
			color bool
		}{
			{env{"TERM": "xterm"}, "auto", false},
			{env{"CLICOLOR_FORCE": "1"}, "auto", true},
			{env{"CLICOLOR_FORCE": "0", "FORCE_COLOR": "0"}, "auto", false},
			{env{"FORCE_COLOR": "1"}, "auto", true},
			{env{}, "always", true},
		} {
			got, err := Detect(w, test.flag, test.env.get)
			check(t, err)
			if got.Interactive || got.Color != test.color {
				t.Errorf("%T %v -color=%s: interactive %t, color %t", w, test.env, test.flag, got.Interactive, got.Color)
			}
		}
	}
}

func TestDetectRefusesOtherColors(t *testing.T) {
	if _, err := Detect(nil, "mauve", nil); err == nil || err.Error() != `color "mauve": want auto, always or never` {
		t.Errorf("got %v", err)
	}
}

func TestNew(t *testing.T) {
	if _, ok := New(1, nil, Terminal{Color: true}).(*Plain); !ok {
		t.Error("verbose 1 off a terminal is not Plain")
	}
	if _, ok := New(1, nil, Terminal{Interactive: true}).(*Bar); !ok {
		t.Error("verbose 1 on a terminal is not Bar")
	}
	if _, ok := New(2, nil, Terminal{Interactive: true}).(*Line); !ok {
		t.Error("verbose 2 is not Line")
	}
}

// TestLines: prose is wrapped, a command that is set in is pasted whole.
func TestLines(t *testing.T) {
	narrow := Terminal{Width: func() int { return 20 }}
	const text = "see it; ask it about a picture with\n\n  go run ./cmd/predict -model runs/a PICTURE.png\n"
	const want = "see it; ask it\nabout a picture\nwith\n\n  go run ./cmd/predict -model runs/a PICTURE.png\n"
	if got := narrow.Lines(text); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (Terminal{}).Lines(text); got != text {
		t.Errorf("to a file: %q", got)
	}
}

func TestWrap(t *testing.T) {
	narrow := Terminal{Width: func() int { return 20 }}
	for prose, want := range map[string]string{
		"":                                      "",
		"nineteen columns ok":                   "nineteen columns ok",
		"twenty columns, no ok":                 "twenty columns, no\nok",
		"a runs/longer-than-the-terminal is it": "a\nruns/longer-than-the-terminal\nis it",
		"数字 数字 数字 数字 数字":                        "数字 数字 数字 数字\n数字",
	} {
		if got := narrow.Wrap(prose); got != want {
			t.Errorf("%q becomes %q, want %q", prose, got, want)
		}
		if got := (Terminal{}).Wrap(prose); got != prose {
			t.Errorf("off a terminal %q becomes %q", prose, got)
		}
	}
}
