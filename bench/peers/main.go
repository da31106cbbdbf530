package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"

	"stheno/nets"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // also of a peer that computes something else
	exitUsage   = 2
)

// settings are the command line's.
type settings struct {
	nets, peers, pythons []string
	rounds, steps, batch int
	threads              int
	predict, alone       bool
	json                 string
}

// installs says how to get each peer.
var installs = map[string]string{
	"torch":       "pip install torch, or on Debian apt-get install python3-torch libopenblas0-openmp",
	"keras":       "pip install keras tensorflow-cpu",
	"jax":         "pip install keras jax",
	"onnxruntime": "pip install onnxruntime onnx",
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the command: figures go to stdout, progress and failures to stderr.
func run(args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		fmt.Fprintln(stderr, "peers:", err)
		return exitUsage
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(s.threads))
	do := measure
	if s.alone {
		do = func(s settings, stdout, _ io.Writer) error { return trainAlone(s, stdout) }
	}
	if err := do(s, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "peers:", err)
		return exitFailure
	}
	return exitOK
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	flags.SetOutput(stderr)
	net := flags.String("net", "mlp,cnn", "networks, of "+strings.Join(nets.NetworkNames(), ", "))
	peers := flags.String("peers", "torch,keras,jax,onnxruntime", "frameworks")
	pythons := flags.String("python", "python3,/usr/bin/python3", "interpreters; a peer runs in the first that has it")
	flags.IntVar(&s.rounds, "pairs", 7, "rounds, each our turn and the peer's; a claim needs 5")
	flags.IntVar(&s.steps, "steps", 0, "training steps of a turn; 0 is as many as take us 0.7 s, and 5 at least")
	flags.IntVar(&s.batch, "batch", 128, "images of a training step")
	flags.IntVar(&s.threads, "threads", runtime.NumCPU(), "threads that each side may use")
	flags.BoolVar(&s.predict, "predict", true, "also time predictions")
	flags.BoolVar(&s.alone, "alone", false, "train the first network alone for 30 steps, and write the most bytes that the process took")
	flags.StringVar(&s.json, "json", "", "write the seconds of every step to this `file`")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	s.nets, s.peers, s.pythons = strings.Split(*net, ","), strings.Split(*peers, ","), strings.Split(*pythons, ",")
	return s, s.check(flags.Args())
}

func (s settings) check(left []string) error {
	if len(left) > 0 {
		return fmt.Errorf("%q is no flag; -h shows them", left[0])
	}
	if s.rounds < 1 || s.steps < 0 || s.batch < 1 || s.threads < 1 {
		return errors.New("-pairs, -batch and -threads must be at least 1, and -steps at least 0")
	}
	if err := known("-net", s.nets, nets.NetworkNames()); err != nil {
		return err
	}
	return known("-peers", s.peers, slices.Sorted(maps.Keys(installs)))
}

// known says which name is none of those there are.
func known(name string, given, names []string) error {
	for _, g := range given {
		if !slices.Contains(names, g) {
			return fmt.Errorf("%s %s: there are only %s", name, g, strings.Join(names, ", "))
		}
	}
	return nil
}
