// Package command is cmd/export: the model of a run, or a file of weights, as an ONNX
// file.
//
// [Run] is the command as a function of its arguments and streams, [Main] the process
// around it.
package command

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"stheno/cmd/internal/shell"
	"stheno/nets"
	"stheno/nets/durable"
	"stheno/nets/onnx"
	"stheno/nets/run"
)

// export is cmd/export's command line.
type export struct {
	model, net, image, out string
	height, width          int // of the images, if image says so
}

// mnist is the size of images that -image is without being said.
const mnist = "28x28"

// Main runs the command as a process and returns its exit code.
func Main() int { return Run(os.Args[1:], os.Stdout, os.Stderr) }

// Run runs the command line and returns the exit code: 0 if the
// file is written, 1 for a failure, 2 for a wrong command line.
func Run(args []string, stdout, stderr io.Writer) int {
	return shell.Code(runExport(args, stdout, stderr), "export", stderr)
}

func runExport(args []string, stdout, stderr io.Writer) error {
	var e export
	if err := e.parse(args, stdout); err != nil {
		return err
	}
	m, meta, err := e.load(stderr)
	if err != nil {
		return fmt.Errorf("-model: %w", err)
	}
	if err := durable.WriteFile(e.out, func(w io.Writer) error { return onnx.Write(w, m, meta) }); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s: %s, images %d x %d x %d, %d classes, %d parameters\n", e.out, m.Name, m.Input[0], m.Input[1], m.Input[2], m.Classes, m.Params())
	return err
}

func (e *export) parse(args []string, stdout io.Writer) error {
	f := flag.NewFlagSet("export", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.StringVar(&e.model, "model", "", "run `folder`, safetensors file of ours, Keras's or PyTorch's, or Keras's model.keras")
	f.StringVar(&e.net, "net", "", "`network` of a file that does not say it: "+strings.Join(nets.NetworkNames(), ", "))
	f.StringVar(&e.image, "image", "", "`HEIGHTxWIDTH` of the images that a file's network takes (default "+mnist+"; a run folder says it)")
	f.StringVar(&e.out, "out", "", "`file` to write (default: beside the weights, .onnx in place of its extension)")
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(stdout, "export writes a model as an ONNX file for other runtimes.\n\nUsage: %s -model RUN_OR_FILE [flags]\n\n", shell.GoRun("export"))
		f.SetOutput(stdout)
		f.PrintDefaults()
		fmt.Fprintf(stdout, "\nExample: export weights that were trained in PyTorch\n\n  %s -model torch.safetensors -net cnn -out cnn.onnx\n", shell.GoRun("export"))
		return err
	case err != nil:
		return shell.Usage(err.Error())
	case f.NArg() > 0:
		return shell.Usagef("unexpected argument %q: everything is a flag", f.Arg(0))
	case e.model == "":
		return shell.Usage("-model RUN_OR_FILE is missing")
	case e.net != "":
		if _, err := nets.About(e.net); err != nil {
			return shell.Usagef("-net: %v", err)
		}
	}
	return e.measure()
}

// measure reads -image.
func (e *export) measure() error {
	const most = 1 << 14
	high, wide, _ := strings.Cut(cmp.Or(e.image, mnist), "x")
	height, first := strconv.Atoi(high)
	width, second := strconv.Atoi(wide)
	if first != nil || second != nil || min(height, width) < 1 || max(height, width) > most {
		return shell.Usagef("-image %s: must be HEIGHTxWIDTH in pixels, such as %s, each from 1 to %d", shell.Quoted(e.image), mnist, most)
	}
	e.height, e.width = height, width
	return nil
}

// load reads the model, and what its file will say of where it is from. Of which
// weights they are it tells notes, where that is not plain.
func (e *export) load(notes io.Writer) (*nets.Model, map[string]string, error) {
	if info, err := os.Stat(e.model); err != nil || !info.IsDir() {
		m, err := e.loadFile(notes)
		return m, nil, err
	}
	folder := run.Folder(e.model)
	l, err := folder.Load()
	if err != nil {
		return nil, nil, err
	}
	if l.Note != "" {
		fmt.Fprintln(notes, l.Note)
	}
	if e.out == "" {
		e.out = folder.File(run.ONNXFile)
	}
	return l.Model, l.Config.Provenance(), cmp.Or(e.agrees(l.Model.Name), e.sees(l.Model.Input))
}

// sees refuses an -image of another size than a run's.
func (e *export) sees(image [3]int) error {
	if e.image != "" && (e.height != image[0] || e.width != image[1]) {
		return fmt.Errorf("%s: is a run on images of %d x %d, not -image %s", e.model, image[0], image[1], e.image)
	}
	return nil
}

func (e *export) loadFile(notes io.Writer) (*nets.Model, error) {
	file, err := nets.ReadWeightFile(e.model)
	if err != nil {
		return nil, err
	}
	name := cmp.Or(file.Metadata["network"], e.net)
	if name == "" {
		return nil, fmt.Errorf("%s: does not say which network it is: say it with -net; there are %s", e.model, strings.Join(nets.NetworkNames(), ", "))
	}
	if err := e.agrees(name); err != nil {
		return nil, err
	}
	m, err := e.make(file, name)
	if size := (nets.SizeError{}); errors.As(err, &size) {
		err = fmt.Errorf("%w: -image is %dx%d; say which size the network was made for", err, e.height, e.width)
	}
	if err != nil {
		return nil, err
	}
	if assumed := file.Assumed(name); assumed != "" {
		fmt.Fprintln(notes, assumed)
	}
	if e.out == "" {
		e.out = strings.TrimSuffix(e.model, filepath.Ext(e.model)) + ".onnx"
	}
	return m, nil
}

// make makes the network of a name that has the file's weights.
func (e *export) make(file *nets.WeightFile, name string) (*nets.Model, error) {
	net, err := file.Network(name, e.height, e.width)
	if err != nil {
		return nil, err
	}
	return file.Model(net, file.Dtype())
}

// agrees refuses a -net that the model is not.
func (e *export) agrees(name string) error {
	if e.net != "" && e.net != name {
		return fmt.Errorf("%s: is of the network %s, not -net %s", e.model, name, e.net)
	}
	return nil
}
