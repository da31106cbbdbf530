// Command load measures cmd/serve: how many images a second so many clients get,
// with requests batched and without, and what a server does with twice the
// requests that it can answer.
//
//	go run ./bench/load                                                 # a few seconds each
//	go run ./bench/load -rounds 3 -for 30s                              # the figures of bench/results
//	go run ./bench/load -rounds 3 -for 30s -binary                      # images as bytes instead of numbers in JSON
//	go build ./bench/load && taskset -c 1 ./load -server-cpus 0 -rounds 5  # the server's cores are its own
//
//	go run ./bench/load -attack all                                     # what clients of the page can do to programs
//
// It builds the server, starts it as a process of its own with random weights,
// and asks over HTTP from the same machine: clients and server share its cores.
// Every answer is compared with the one that a lone client got, byte by byte.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // also of an answer that is not the lone client's
	exitUsage   = 2
)

// settings are the command line's.
type settings struct {
	nets        []string
	clients     int
	connections int
	duration    time.Duration
	over        float64
	rounds      int
	queue       int
	datatype    string
	binary      bool
	threads     int
	cpus        string
	profile     string
	program     string
	attacks     []attack
	attackers   int
	open        int
	against     string
}

func main() { os.Exit(carryOut(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the command: figures go to stdout, failures to stderr.
func carryOut(args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		fmt.Fprintln(stderr, "load:", err)
		return exitUsage
	}
	work := measure
	switch {
	case s.against != "":
		work = func(settings, io.Writer, io.Writer) error { return assail(s, os.Stdin, stdout) }
	case len(s.attacks) > 0:
		work = besiege
	}
	if err := work(s, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "load:", err)
		return exitFailure
	}
	return exitOK
}

func parse(args []string, stderr io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(stderr)
	names := flags.String("net", "mlp,cnn", "networks")
	flags.IntVar(&s.clients, "clients", 64, "clients that ask again as soon as they have an answer")
	flags.IntVar(&s.connections, "connections", 256, "clients that together ask at a rate, in the overload")
	flags.DurationVar(&s.duration, "for", 3*time.Second, "how long a measurement takes")
	flags.Float64Var(&s.over, "over", 2, "requests of the overload, by those that were answered before")
	flags.IntVar(&s.rounds, "rounds", 2, "rounds, each without batching, with it and with too many requests; the median counts")
	flags.IntVar(&s.queue, "queue", 128, "the server's -queue in the overload")
	flags.StringVar(&s.datatype, "datatype", "UINT8", "UINT8 or FP32: what stands in the requests")
	flags.BoolVar(&s.binary, "binary", false, "send images behind the JSON, by the binary tensor extension")
	flags.IntVar(&s.threads, "threads", 0, "the server's -threads")
	flags.StringVar(&s.cpus, "server-cpus", "", "run the server on these `processors` alone (taskset's -c), so that clients take nothing from it")
	flags.StringVar(&s.profile, "cpuprofile", "", "`file` for the profile of the last server, the one that gets too much")
	flags.StringVar(&s.program, "program", "", "`file` of a server that is built already, as of another commit")
	attack := flags.String("attack", "", "measure a program that asks quietly, and while clients of the page attack: all, or `names` among "+strings.Join(attackNames(), ", "))
	flags.IntVar(&s.attackers, "attackers", 150, "clients of an attack by requests: drawings, strokes, evidence and pens")
	flags.IntVar(&s.open, "open", 2048, "clients of an attack by connections: streams, hands and silent")
	flags.StringVar(&s.against, "against", "", "attack the server at this `address` of this machine until stdin ends, and measure nothing")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	s.nets = strings.Split(*names, ",")
	if s.attacks, err = attacksNamed(*attack); err != nil {
		return s, err
	}
	switch {
	case flags.NArg() > 0:
		return s, fmt.Errorf("unexpected argument %q: everything is a flag", flags.Arg(0))
	case min(s.clients, s.connections, s.rounds, s.queue, s.attackers, s.open) < 1 || s.duration <= 0 || s.over <= 0:
		return s, errors.New("-clients, -connections, -rounds, -queue, -attackers, -open, -for and -over must be above 0")
	case s.against != "" && (len(s.attacks) != 1 || !strings.HasPrefix(s.against, "127.0.0.1:")):
		return s, errors.New("-against is for one -attack, and an address of 127.0.0.1")
	case s.threads < 0:
		return s, fmt.Errorf("-threads %d: must be 0 or more", s.threads)
	case max(s.attackers, s.open) > 10_000:
		return s, errors.New("-attackers and -open must be 10000 at most")
	case !slices.Contains([]string{"UINT8", "FP32"}, s.datatype):
		return s, fmt.Errorf("-datatype %q: must be UINT8 or FP32", s.datatype)
	}
	return s, nil
}
