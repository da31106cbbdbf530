package command

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"stheno/cmd/internal/shell"
	"stheno/cmd/internal/views"
)

// settings are the flags and arguments.
type settings struct {
	model   string
	top     int
	preview string
	json    bool
	raw     bool
	mnist   bool
	views   views.Flags
	inputs  []string
}

// parse reads the command line. It returns flag.ErrHelp after having written
// the help to stdout, and a shell.Usage for what is wrong.
func parse(args []string, stdout io.Writer) (*settings, error) {
	s := &settings{}
	f := flag.NewFlagSet("predict", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.StringVar(&s.model, "model", "", "`folder` of the run whose network answers (default: the newest run below runs/)")
	f.IntVar(&s.top, "top", 3, "how many classes to name, the likeliest first")
	f.StringVar(&s.preview, "preview", "auto", "show what the network sees: auto (on a terminal), always or never")
	f.BoolVar(&s.json, "json", false, "write JSON Lines to stdout, and nothing else there")
	f.BoolVar(&s.raw, "raw", false, "only scale pictures to the network's input (default: prepare them as the run's training images were)")
	f.BoolVar(&s.mnist, "mnist", false, "prepare pictures as MNIST's were: ink found, 20 pixels long, centred (default: as the run's training images were)")
	s.views.Define(f)
	for rest := args; ; rest = f.Args()[1:] { // flags may stand behind pictures
		switch err := f.Parse(rest); {
		case errors.Is(err, flag.ErrHelp):
			help(f, stdout)
			return nil, err
		case err != nil:
			return nil, shell.Usage(err.Error())
		case f.NArg() == 0:
			return s, s.check()
		}
		s.inputs = append(s.inputs, f.Arg(0))
	}
}

// check refuses what no command line can mean.
func (s *settings) check() error {
	switch {
	case s.top < 1:
		return shell.Usagef("-top %d: must be at least 1", s.top)
	case s.preview != "auto" && s.preview != "always" && s.preview != "never":
		return shell.Usagef("-preview %q: must be auto, always or never", s.preview)
	case s.json && s.preview == "always":
		return shell.Usage("-preview always: -json leaves no room for it")
	case s.raw && s.mnist:
		return shell.Usage("-raw and -mnist: pictures are prepared in one way, take one of them")
	case len(s.inputs) == 0:
		return shell.Usage("no pictures: name PNG, JPEG or GIF files, folders, or - for stdin")
	}
	if err := s.views.Check(); err != nil {
		return shell.Usage(err.Error())
	}
	stdin := 0
	for _, input := range s.inputs {
		if input == stdinName {
			stdin++
		}
	}
	if stdin > 1 {
		return shell.Usage("- is named twice, but stdin can be read once")
	}
	return nil
}

func help(f *flag.FlagSet, w io.Writer) {
	fmt.Fprintf(w, `predict asks a trained network which digit a picture shows.

Usage: %s [flags] PICTURE...

A PICTURE is a PNG, JPEG or GIF file; - is stdin. Pictures are prepared as those
that the run was trained on. A folder stands for the pictures in it. Subfolders
named after their class, as 5/a.png, are an examination: predict tells the
accuracy and which class was taken for which. So are the folders that -data of
the training commands takes, of which the test part counts, and an IDX file of
images with its labels beside it.

`, shell.GoRun("predict"))
	f.SetOutput(w)
	f.PrintDefaults()
	fmt.Fprintf(w, `
Example: train, then ask about two photographs, and about the test images

  %s -epochs 2 -out runs/cnn
  %[2]s -model runs/cnn cmd/predict/five.jpg cmd/predict/seven.png
  %[2]s -model runs/cnn path/to/mnist
`, shell.GoRunCommand("cnn"), shell.GoRun("predict"))
}
