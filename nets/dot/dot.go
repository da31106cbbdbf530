// Package dot draws a model's symbolic expression graph in Graphviz's language.
//
// What is drawn is what runs: the boxes and arrows are read off the program's
// Gorgonia graph, of which nothing is left out but, unless they are wanted, the
// gradients. The list of layers only says which nodes are folded into one frame.
//
// collect.go turns nodes into boxes, arrows and frames; style.go is how they
// look; encode.go writes them by gonum's encoder of DOT; svg.go calls Graphviz.
package dot

import (
	"fmt"
	"io"

	"stheno/nets"
	"stheno/nets/summary"
)

// View is what of a model's graphs is drawn.
type View struct {
	Phase     nets.Phase // zero is training
	Batch     int        // images of a batch, at least 1
	Gradients bool       // with the gradients, which only training has
}

// Write writes the model's graph in the DOT language. It takes no memory for
// batches. Equal graphs give equal bytes.
func Write(w io.Writer, m *nets.Model, v View) error {
	p, err := m.Draft(v.Phase, v.Batch)
	if err != nil {
		return err
	}
	d := collect(p, v.Gradients && v.Phase == nets.Training)
	d.title = fmt.Sprintf("%s, %v, batches of %d images, %s parameters", m.Name, v.Phase, v.Batch, summary.Thousands(m.Params()))
	text, err := d.encode(m.Name)
	if err != nil {
		return fmt.Errorf("dot: %w", err)
	}
	_, err = w.Write(text)
	return err
}
