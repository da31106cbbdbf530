package command

import (
	"context"
	"flag"
	"fmt"
	"io"
	"path/filepath"

	"stheno/cmd/internal/shell"
	"stheno/nets"
	"stheno/nets/dot"
	"stheno/nets/durable"
)

// sketch is the picture of the graph that -graph asks for.
type sketch struct {
	path      string // empty for none
	gradients bool
}

func (s *sketch) define(f *flag.FlagSet) {
	f.StringVar(&s.path, "graph", "", "write the symbolic graph to this .dot or .svg `file` and stop")
	f.BoolVar(&s.gradients, "graph-gradients", false, "with -graph: draw the gradients too")
}

func (s *sketch) check() error {
	switch ext := filepath.Ext(s.path); {
	case s.path == "" && s.gradients:
		return shell.Usage("-graph-gradients: goes with -graph FILE")
	case s.path != "" && ext != ".dot" && ext != ".svg":
		return shell.Usagef("-graph %s: the file's name must end in .dot or .svg", s.path)
	}
	return nil
}

// write draws the training graph for batches of so many images.
func (s *sketch) write(ctx context.Context, m *nets.Model, batch int) error {
	view := dot.View{Batch: batch, Gradients: s.gradients}
	err := durable.WriteFile(s.path, func(w io.Writer) error {
		if filepath.Ext(s.path) == ".svg" {
			return dot.WriteSVG(ctx, w, m, view)
		}
		return dot.Write(w, m, view)
	})
	if err != nil {
		return fmt.Errorf("-graph: %w", err)
	}
	return nil
}
