package nets_test

import (
	"errors"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"stheno/nets"
)

// Twice is a layer of one's own.
type Twice struct{}

func (Twice) Build(_ *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	return gorgonia.Add(x, x)
}

// TestPackageOfAnUnknownLayer: a config says which package knows a layer, and so
// does the error where nobody does.
func TestPackageOfAnUnknownLayer(t *testing.T) {
	nets.Register(Twice{})
	net := nets.Network{Name: "twice", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{nets.Flatten{}, Twice{}, nets.Normalize{}, nets.Dense{Units: 2}}}
	text, err := net.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"module":"stheno/nets_test","class_name":"Twice"`) || !strings.Contains(string(text), `"module":null,"class_name":"Normalize"`) {
		t.Errorf("%s", text)
	}
	_, err = nets.ParseNetwork([]byte(strings.NewReplacer(`"Twice"`, `"Thrice"`, "stheno>Twice", "stheno>Thrice").Replace(string(text))))
	var unknown *nets.UnknownLayerError
	if !errors.As(err, &unknown) || *unknown != (nets.UnknownLayerError{Class: "Thrice", Package: "stheno/nets_test"}) {
		t.Errorf("%v", err)
	}
}
