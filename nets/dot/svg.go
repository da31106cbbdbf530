package dot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"stheno/nets"
)

// ErrNoGraphviz says what to do where Graphviz is missing.
var ErrNoGraphviz = errors.New("an SVG is drawn by Graphviz's program dot, which is not installed (apt-get install graphviz, brew install graphviz); a .dot file needs no program")

// WriteSVG writes what Write does as an SVG image, drawn by an installed
// Graphviz. Its bytes depend on Graphviz's version and the fonts it finds.
func WriteSVG(ctx context.Context, w io.Writer, m *nets.Model, v View) error {
	var text, complaint bytes.Buffer
	if err := Write(&text, m, v); err != nil {
		return err
	}
	path, err := exec.LookPath("dot")
	if err != nil {
		return ErrNoGraphviz
	}
	cmd := exec.CommandContext(ctx, path, "-Tsvg")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &text, w, &complaint
	if err := cmd.Run(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(complaint.String()), "\n")
		return fmt.Errorf("dot: %s: %w: %s", path, err, first)
	}
	return nil
}
