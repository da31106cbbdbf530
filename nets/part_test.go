package nets_test

import (
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
)

// outline writes parts as "name (Type) in -> out: own nodes{the layers within}".
func outline(parts []nets.Part) string {
	var lines []string
	for _, p := range parts {
		line := fmt.Sprintf("%s (%s)", p.Name, p.Type)
		if p.Layer != nil {
			line += fmt.Sprintf(" %v -> %v", p.In.Shape()[1:], p.Out.Shape()[1:])
		}
		line += fmt.Sprintf(": %d", len(p.Own()))
		if p.Parts != nil {
			line += "{" + outline(p.Parts) + "}"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

// TestPartsOfLayersOfLayers: a part knows the layers within it, what it was given
// and gave, and which nodes are its own.
func TestPartsOfLayersOfLayers(t *testing.T) {
	p, err := newModel(t, towers, tensor.Float32).Draft(nets.Prediction, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := "tower (tower) (6, 5, 1) -> (4, 3, 2): 0{" +
		"tower.conv2d (Conv2D) (6, 5, 1) -> (5, 4, 2): 3; " +
		"tower.conv2d_1 (Conv2D) (5, 4, 2) -> (5, 4, 3): 3; " +
		"tower.upper (tower) (5, 4, 3) -> (4, 3, 2): 0{tower.upper.conv2d (Conv2D) (5, 4, 3) -> (4, 3, 2): 3}}; " +
		"tower_1 (tower) (4, 3, 2) -> (3, 2, 2): 0{tower_1.conv2d (Conv2D) (4, 3, 2) -> (3, 2, 2): 3}; " +
		"dense (Dense) (3, 2, 2) -> (3): 3; probabilities (Softmax): 1"
	if got := outline(p.Parts()); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if top := p.Parts(); len(top[0].Nodes) != 9 || top[0].Out != top[1].In || top[0].Parts[0].In != top[0].In || top[0].Parts[2].Out != top[0].Out {
		t.Error("the parts do not hang together")
	}
}
