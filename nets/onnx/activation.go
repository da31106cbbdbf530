package onnx

import (
	"fmt"

	"stheno/nets"
)

// activated gives the activation of y.
func activated(g *Graph, y Value, a nets.Activation, layout Layout) error {
	switch a {
	case nets.Linear:
	case nets.ReLU:
		y = g.Node("Relu", []Value{y})
	default:
		return fmt.Errorf("activation %v cannot be written", a)
	}
	g.Output(y, layout)
	return nil
}
