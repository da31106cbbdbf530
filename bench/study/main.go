// Command study trains every run of the studies in studies.go, in parts and as
// often as it takes, and keeps what each has reached in a file that is committed.
//
//	go run ./bench/study -list                     what there is, and what is done
//	go run ./bench/study -only '^best/' -time 40m  forty minutes of one study
//	go run ./bench/study -summary                  means and intervals over the seeds
//	go run ./bench/study -picture metric.svg       error against labels, of what varies the labels
//
// It builds the real programs once and runs them one after the other, or -jobs at
// a time. A run that is in the results is not done again, unless its flags or what
// their recipe says have changed; one that was interrupted goes on. Ctrl-C and
// SIGTERM are passed on: the runs save, and the next call goes on with them. Under
// go run a SIGTERM reaches nobody: build the driver for that.
//
// Studies called tune-... are those on which choices are made: they hold a tenth
// of the training images out, and only what was reached on them is kept and shown.
// All others are final: they train on all images, and what is kept is the test
// images' figure after the last epoch. See results/README.md for the files.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"syscall"
	"time"

	"stheno/nets/durable"
)

// Exit codes. A signal's is 128 plus its number, as shells have it.
const (
	exitOK      = 0
	exitFailure = 1 // also if one of the runs has failed
	exitUsage   = 2
)

// settings are the command line's.
type settings struct {
	results  string
	runs     string
	only     *regexp.Regexp
	list     bool
	summary  bool
	markdown bool
	picture  string
	jobs     int
	threads  int
	budget   time.Duration
}

// stopped is the cause of a context that a signal, or the end of -time, has ended.
type stopped struct {
	signal syscall.Signal // 0 is -time
}

func (s stopped) Error() string {
	if s.signal == 0 {
		return "the time is up"
	}
	return s.signal.String()
}

func main() { os.Exit(Main()) }

// Main is the process: the first signal stops the runs politely, a second one
// kills them, which they survive too.
func Main() int {
	polite, stop := context.WithCancelCause(context.Background())
	hard, kill := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		first, _ := (<-signals).(syscall.Signal)
		stop(stopped{first})
		<-signals
		kill()
	}()
	return carryOut(polite, hard, os.Args[1:], studies, os.Stdout, os.Stderr)
}

// run is the command over some studies: tables go to stdout, everything else to
// stderr. When polite is done the runs save and end, when hard is they are killed.
func carryOut(polite, hard context.Context, args []string, studies []study, stdout, stderr io.Writer) int {
	s, err := parse(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "study: %v (study -h shows all flags)\n", err)
		return exitUsage
	}
	err = act(polite, hard, s, studies, stdout, stderr)
	var end stopped
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &end) && end.signal == 0:
		return exitOK
	case errors.As(err, &end):
		return 128 + int(end.signal)
	}
	fmt.Fprintf(stderr, "study: %v\n", err)
	return exitFailure
}

func act(polite, hard context.Context, s settings, studies []study, stdout, stderr io.Writer) error {
	recipes, err := recipeFolder()
	if err != nil {
		return err
	}
	jobs, err := expand(studies, s.only, recipes)
	if err != nil {
		return err
	}
	if len(jobs) == 0 {
		return fmt.Errorf("-only %s: no run of a study is called that; -list shows all", s.only)
	}
	unlock, err := lock(s.results)
	if err != nil {
		return err
	}
	defer unlock()
	lines, err := readResults(s.results, studies)
	if err != nil {
		return err
	}
	switch {
	case s.list:
		return list(stdout, jobs, lines, s.runs)
	case s.picture != "":
		return durable.WriteFile(s.picture, func(w io.Writer) error { return picture(w, groups(jobs, lines, "")) })
	case s.summary || s.markdown:
		return summarize(stdout, jobs, lines, s.markdown)
	}
	d := &driver{settings: s, jobs: jobs, lines: lines, hard: hard, stderr: stderr}
	return d.work(polite)
}

func parse(args []string, stdout io.Writer) (s settings, err error) {
	f := flag.NewFlagSet("study", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	only := f.String("only", "", "only the runs whose STUDY/RUN-SEED this `regexp` matches")
	f.StringVar(&s.results, "results", "bench/results", "`folder` of the results, study-STUDY.jsonl")
	f.StringVar(&s.runs, "runs", "runs/study", "`folder` for the runs, which may be removed when all is done")
	f.BoolVar(&s.list, "list", false, "show what is done and what is open, and stop")
	f.BoolVar(&s.summary, "summary", false, "show mean, deviation and 95 % interval over the seeds, and stop")
	f.BoolVar(&s.markdown, "markdown", false, "the summary as Markdown's tables")
	f.StringVar(&s.picture, "picture", "", "draw error against labels into an SVG `file`, of the runs that are done and vary -labels, and stop")
	f.IntVar(&s.jobs, "jobs", 1, "runs at a time; their seconds are then not those of a run alone")
	f.IntVar(&s.threads, "threads", 0, "threads of each run; 0 shares the processors among the jobs")
	f.DurationVar(&s.budget, "time", 0, "stop after so long, such as 40m: the runs save, a later call goes on; 0 is no limit")
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, "study trains the runs of the studies in bench/study/studies.go and keeps what they reach.\n\nUsage: go run ./bench/study [flags]\n\n")
		f.SetOutput(stdout)
		f.PrintDefaults()
		return s, err
	case err != nil:
		return s, err
	case f.NArg() > 0:
		return s, fmt.Errorf("unexpected argument %q: everything is a flag", f.Arg(0))
	}
	if s.only, err = regexp.Compile(*only); err != nil {
		return s, fmt.Errorf("-only: %w", err)
	}
	switch {
	case s.jobs < 1:
		return s, fmt.Errorf("-jobs %d: must be at least 1", s.jobs)
	case s.threads < 0 || s.budget < 0:
		return s, errors.New("-threads and -time must be 0 or more")
	case s.list && (s.summary || s.markdown), s.picture != "" && (s.list || s.summary || s.markdown):
		return s, errors.New("-list, -summary and -picture are questions of their own: ask one")
	case s.threads == 0:
		s.threads = max(1, runtime.GOMAXPROCS(0)/s.jobs)
	}
	return s, nil
}
