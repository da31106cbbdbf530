package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"stheno/cmd/serve/internal/registry"
	"stheno/data"
)

// The bounds of a connection.
const (
	headerTimeout = 5 * time.Second  // for a request's headers
	readTimeout   = 15 * time.Second // for a whole request
	writeTimeout  = 30 * time.Second // from a request's headers to the end of its answer
	idleTimeout   = 60 * time.Second // between two requests
	maxHeader     = 16 << 10         // bytes
)

// The bounds of a server's end: together less than ten seconds.
const (
	grace = 500 * time.Millisecond // how long a server that is not ready any more still lets connections in
	limit = 8 * time.Second        // then: how long requests may take that have begun
)

// poll is how often the runs' folders are looked at.
const poll = 2 * time.Second

// server serves a registry's models.
type server struct {
	options   *options
	log       *slog.Logger
	models    *registry.Registry
	metrics   *metrics
	admission *admission
	bodies    bodies
	pace      pace
	version   string        // of this program, where the build knows it
	set       *data.Dataset // whose test images the page shows; nil is none

	grace    time.Duration // see the constant
	stopping atomic.Bool   // it is not ready any more
	handled  atomic.Int64  // requests that have been given to a handler
}

// newServer reads the models.
func newServer(o *options, log *slog.Logger) (*server, error) {
	s := &server{options: o, log: log, metrics: newMetrics(), version: "devel", grace: grace}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				s.version = setting.Value
			}
		}
	}
	s.bodies.limit = o.maxBody
	s.admission = newAdmission(s.metrics, log)
	var err error
	s.models, err = registry.Open(o.runs, registry.Options{
		Batch: o.batch, Wait: o.wait, Queue: o.queue, Log: log,
		Observe: s.metrics.executed, Loaded: s.metrics.loaded,
	})
	if err != nil {
		return nil, err
	}
	s.metrics.watch(s.models)
	if s.set, err = s.openData(); err != nil && len(o.runs) == 0 {
		return nil, err // there is nothing to train on
	} else if err != nil {
		s.set = nil
		log.Warn("the page shows no test images", "error", err)
	}
	return s, nil
}

// openData opens what the first run was tested on, or what is trained on.
func (s *server) openData() (*data.Dataset, error) {
	models := s.models.Models()
	if len(models) == 0 {
		return data.Open(s.options.data)
	}
	c := models[0].Current().Config
	set, err := c.OpenData("")
	if err == nil {
		_, err = c.Settings.HoldOut(set)
	}
	return set, err
}

// run serves until ctx ends, and then until all requests have their answers.
func (s *server) run(ctx context.Context, l net.Listener, reload <-chan os.Signal) error {
	requests, endRequests := context.WithCancel(context.Background())
	defer endRequests()
	page, trainer := s.page(ctx)
	all := newConnections(l, s.metrics.dismissed)
	s.metrics.watchConnections(all)
	h := &http.Server{
		Handler:           s.handler(page),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext:    func(net.Listener) context.Context { return requests },
		ConnContext:    all.context,
	}
	h.RegisterOnShutdown(page.Close)
	served := make(chan error, 1)
	go func() { served <- h.Serve(all) }()
	watch, endWatch := context.WithCancel(context.Background())
	watched := make(chan struct{})
	go func() { s.models.Watch(watch, poll, reload); close(watched) }()
	var err error
	select {
	case err = <-served: // the listener has failed
		h.Close()
	case <-ctx.Done():
		s.stop(ctx, h)
	}
	page.Close()
	if trainer != nil {
		trainer.Stop()
		trainer.Wait()
	}
	endWatch()
	<-watched
	endRequests()
	s.models.Close()
	s.log.Info("stopped", "requests", s.handled.Load())
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// stop is the end in order: not ready, but still serving, each connection closed
// behind its next answer; then nobody is let in, and who is in gets his answer.
func (s *server) stop(ctx context.Context, h *http.Server) {
	s.log.Info("stopping", "cause", fmt.Sprint(context.Cause(ctx)))
	s.stopping.Store(true)
	time.Sleep(s.grace)
	end, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := h.Shutdown(end); err != nil {
		s.log.Warn("requests that did not come or were not read in time are cut off")
		h.Close()
	}
}
