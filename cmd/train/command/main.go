package command

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"stheno/cmd/internal/shell"
	"stheno/graph"
	"stheno/nets/group"
)

// interrupted is the cause of a context that a signal has ended.
type interrupted struct{ signal syscall.Signal }

func (i interrupted) Error() string {
	switch i.signal {
	case syscall.SIGINT:
		return "interrupted"
	case syscall.SIGHUP:
		return "terminal closed"
	}
	return "terminated"
}

// Main runs an app as a process and returns its exit code. The first Ctrl-C,
// SIGTERM or SIGHUP ends training after the step that is running, a second one at
// once.
func Main(app Program) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup does
		signal.Notify(signals, syscall.SIGHUP)
	}
	ignorePipe()
	go func() {
		first := (<-signals).(syscall.Signal)
		cancel(interrupted{first})
		second := (<-signals).(syscall.Signal)
		for second == syscall.SIGHUP { // a shell and the system may both tell of one terminal
			second = (<-signals).(syscall.Signal)
		}
		os.Exit(128 + int(second))
	}()
	if binary := os.Args[0]; !underGoRun(binary) {
		app.binary = binary
	}
	graph.SetWarn(func(text string) { fmt.Fprintf(os.Stderr, "warning: %s\n", text) })
	processes, err := group.Start()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", app.Name, err)
		return shell.Failure
	}
	app.ranks = &ranks{Group: processes}
	return app.ranks.leave(Train(ctx, app, os.Args[1:], os.Stdout, os.Stderr), os.Stderr)
}

// cached is the folder of a program in Go's build cache.
var cached = regexp.MustCompile(`^[0-9a-f]{64}-d$`)

// underGoRun says whether this is a binary that go run has built: into a folder
// that it removes at the end, or into its cache.
func underGoRun(binary string) bool {
	path := filepath.ToSlash(binary)
	return strings.Contains(path, "/go-build") && strings.Contains(path, "/exe/") || cached.MatchString(filepath.Base(filepath.Dir(path)))
}
