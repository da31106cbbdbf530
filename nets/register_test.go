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

// panics is what f panics with.
func panics(f func()) (said any) {
	defer func() { said = recover() }()
	f()
	return nil
}

// TestOneNameIsOneType: a type may be registered twice, as a value or as a pointer,
// and another type of its name may not, nor may what has no name or settings.
func TestOneNameIsOneType(t *testing.T) {
	type Pointed struct{ passes } // there is another
	type Dense struct{ passes }   // as in Keras
	for _, l := range []nets.Layer{Twice{}, &Twice{}, &Residual{}, nets.Dense{}, nets.Cosines{}} {
		if said := panics(func() { nets.Register(l) }); said != nil {
			t.Errorf("%T: %v", l, said)
		}
	}
	const second, none = "nets: Register: two types of layers have one name", "nets: Register takes a layer whose type is a named struct, or a pointer to one"
	for _, c := range []struct {
		layer nets.Layer
		want  string
	}{
		{Pointed{}, second}, {&Dense{}, second}, {nil, none}, {struct{ passes }{}, none}, {fn(nil), none},
	} {
		if said := panics(func() { nets.Register(c.layer) }); said != c.want {
			t.Errorf("%T: it panics with %v, want %s", c.layer, said, c.want)
		}
	}
	make := func([3]int, int) nets.Network { return nets.Network{} }
	for want, f := range map[string]func(){
		"nets: RegisterNetwork: the name is taken":           func() { nets.RegisterNetwork("mlp", "", make) },
		"nets: RegisterNetwork takes a name and a function":  func() { nets.RegisterNetwork("", "", make) },
		"nets: RegisterNetwork takes a name and a function ": func() { nets.RegisterNetwork("a", "", nil) },
	} {
		if said := panics(f); said != strings.TrimSpace(want) {
			t.Errorf("it panics with %v, want %s", said, want)
		}
	}
	n := nets.Network{Name: "n", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{nets.Flatten{}, Dense{}, nets.Dense{Units: 2}}}
	if _, err := n.MarshalJSON(); err == nil || !strings.Contains(err.Error(), "layer dense: its type nets_test.Dense is not registered, another one of that name is") {
		t.Errorf("%v", err)
	}
}

// fn is a layer that is a function.
type fn func()

func (fn) Build(_ *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) { return x, nil }
