package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"stheno/cmd/internal/shell"
	"stheno/graph/kernel"
)

// options are the flags.
type options struct {
	runs    []string
	data    string
	addr    string
	hosts   []string
	batch   int
	wait    time.Duration
	queue   int
	maxBody int64
	threads int
	log     string
	access  bool
	profile string
}

// list is a flag that may be repeated.
type list struct{ to *[]string }

func (l list) String() string { return "" }
func (l list) Set(text string) error {
	*l.to = append(*l.to, text)
	return nil
}

// Main runs the command as a process and returns its exit code. The first Ctrl-C
// or SIGTERM stops in order, a second one at once.
func Main() int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		cancel(fmt.Errorf("%v", <-signals))
		second := (<-signals).(syscall.Signal)
		os.Exit(128 + int(second))
	}()
	return Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// Run runs a command line until ctx ends and returns the exit code: 0 for a
// server that has answered all and ended, 1 for a failure, 2 for a wrong command
// line. It says on stdout where it serves; its log goes to stderr.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return shell.Code(carryOut(ctx, args, stdout, stderr), "serve", stderr)
}

func carryOut(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	if err := kernel.EnvironmentError(); err != nil {
		return shell.Usage(err.Error())
	}
	kernel.SetThreads(o.threads)
	hearWhileComputing(o.threads)
	s, err := newServer(o, newLog(o.log, stderr))
	if err != nil {
		return err
	}
	collectSeldom()
	l, err := net.Listen(network(o.addr), o.addr)
	if err != nil {
		s.models.Close()
		return fmt.Errorf("-addr: %w", err)
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		s.log.Warn("other machines can reach this server", "addr", l.Addr().String())
	}
	reload := make(chan os.Signal, 1)
	notifyReload(reload)
	defer signal.Stop(reload)
	var names []string
	for _, m := range s.models.Models() {
		names = append(names, m.Name)
	}
	s.log.Info("serving", "addr", l.Addr().String(), "models", strings.Join(names, " "))
	what := strings.Join(names, ", ")
	if what == "" {
		what = "what it trains: the mlp, then the cnn,"
	}
	written, err := profile(o.profile)
	if err != nil {
		s.models.Close()
		return errors.Join(err, l.Close())
	}
	fmt.Fprintf(stdout, "serving %s at http://%s/\n", what, l.Addr())
	return errors.Join(s.run(ctx, l, reload), written())
}

// newLog is a log, text or json, in which errors read as elsewhere.
func newLog(form string, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if err, ok := a.Value.Any().(error); ok {
			a.Value = slog.StringValue(shell.Words(err))
		}
		return a
	}}
	if form == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// network is tcp4 for an IPv4 address: Go's tcp takes 0.0.0.0 for every address of
// IPv6 too, where nobody expects the server.
func network(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if ip, bad := netip.ParseAddr(host); err == nil && bad == nil && ip.Is4() {
		return "tcp4"
	}
	return "tcp"
}

// parse reads the command line. It returns flag.ErrHelp after having written
// the help to stdout, and a shell.Usage for what is wrong.
func parse(args []string, stdout io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("serve", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.Var(list{&o.runs}, "run", "serve the model of the run in this `folder`; may be repeated, and folders may stand behind the flags (default: the mlp and the cnn, trained into runs/ unless they are there already)")
	f.StringVar(&o.data, "data", "", "without -run: train on the data in this `folder` (default: MNIST)")
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen at; one that is not this machine's own lets others in, without a password")
	f.Var(list{&o.hosts}, "host", "a `name` under which clients may ask, besides addresses and localhost; may be repeated")
	f.IntVar(&o.batch, "batch", 256, "`images` that are predicted at once, of however many requests; 1 is each request by itself")
	f.DurationVar(&o.wait, "wait", 2*time.Millisecond, "how long a request may wait for others that are being read")
	f.IntVar(&o.queue, "queue", 512, "`images` that may wait or be predicted at a time, for each model; more are answered with 503")
	f.Int64Var(&o.maxBody, "max-body", 8<<20, "`bytes` that a request's body may have")
	f.IntVar(&o.threads, "threads", 0, "threads of the kernels; 0 is GOMAXPROCS; results do not depend on it")
	f.StringVar(&o.log, "log", "text", "form of the log on stderr: text or json")
	f.BoolVar(&o.access, "access", false, "log every request")
	f.StringVar(&o.profile, "cpuprofile", "", "write where the server's time went to this `file` when it ends, for go tool pprof")
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		help(f, stdout)
		return nil, err
	case err != nil:
		return nil, shell.Usage(err.Error())
	}
	o.runs = append(o.runs, f.Args()...)
	for i, host := range o.hosts {
		o.hosts[i] = strings.ToLower(host)
	}
	return o, o.check()
}

// hearWhileComputing gives Go a second thread on a single processor, where requests
// would be read only every 10 ms while the network computes: it would have one
// image at a time, however many wait. The kernels keep to one thread.
func hearWhileComputing(threads int) {
	if runtime.GOMAXPROCS(0) > 1 {
		return
	}
	if threads == 0 {
		kernel.SetThreads(1)
	}
	runtime.GOMAXPROCS(2)
}

// spareHeap is how much garbage there may be before it is collected.
const spareHeap = 64 << 20

// collectSeldom lets garbage grow to spareHeap at least, unless the user has said
// with GOGC what he wants. A server has little that lives: it would collect several
// times a second, each time for milliseconds that some answer waits for.
func collectSeldom() {
	if os.Getenv("GOGC") != "" {
		return
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetGCPercent(max(100, int(100*spareHeap/(m.HeapAlloc+1))))
}

// check refuses values that no server can have.
func (o *options) check() error {
	switch {
	case len(o.runs) > 0 && o.data != "":
		return shell.Usage("-data is for a server that trains, which one with -run does not")
	case slices.IndexFunc(o.runs, func(dir string) bool { return strings.HasPrefix(dir, "-") }) >= 0:
		return shell.Usage("flags must stand before the first folder")
	case slices.Contains(o.runs, ""):
		return shell.Usage("-run '': name the folder of the run")
	case o.batch < 1 || o.batch > 256:
		return shell.Usagef("-batch %d: must be from 1 to 256", o.batch)
	case o.wait < 0 || o.wait > time.Second:
		return shell.Usagef("-wait %v: must be from 0 to 1s", o.wait)
	case o.queue < 1 || o.queue > 1<<20:
		return shell.Usagef("-queue %d: must be from 1 to %d", o.queue, 1<<20)
	case o.maxBody < 1 || o.maxBody > 1<<30:
		return shell.Usagef("-max-body %d: must be from 1 to %d", o.maxBody, 1<<30)
	case o.threads < 0:
		return shell.Usagef("-threads %d: must be 0 or more", o.threads)
	case o.log != "text" && o.log != "json":
		return shell.Usagef("-log %q: must be text or json", o.log)
	}
	return nil
}

func help(f *flag.FlagSet, w io.Writer) {
	fmt.Fprintf(w, "serve answers for trained models over HTTP: Open Inference Protocol v2 and TensorFlow Serving's REST API.\nIt shows a page to draw digits on.\n\nUsage: %s [flags] [-run DIR]... [DIR...]\n\n", shell.GoRun("serve"))
	f.SetOutput(w)
	f.PrintDefaults()
	fmt.Fprintf(w, `
A model is named by its network, or by its folder where two have the same. It is
read again when its folder changes, and at SIGHUP; one that is the same keeps its
version, and one that is not whole leaves the old one serving.

Example: train, serve, and ask for the class of a black image

  %s -epochs 1 -out runs/mlp
  %s -run runs/mlp
  jq -nc '{inputs: [{name: "image", datatype: "UINT8", shape: [1,28,28,1], data: [range(784) | 0]}]}' |
    curl -d @- http://127.0.0.1:8080/v2/models/mlp/infer
`, shell.GoRunCommand("mlp"), shell.GoRun("serve"))
}
