package command

import (
	"errors"
	"os"
	"strings"
	"testing"

	"stheno/nets"
	"stheno/nets/onnx"
)

// Silent is a layer of one's own that says neither its FLOPs nor its ONNX nodes.
type Silent struct{ nets.Dense }

// Faulty is one that fails at its ONNX nodes.
type Faulty struct{ nets.Dense }

func (Faulty) ONNX(*onnx.Graph) error { return errors.New("no pen") }

func init() {
	nets.Register(Silent{})
	nets.Register(Faulty{})
}

func owning(l nets.Layer) Program {
	return Program{Name: "own", About: "a network with a layer of one's own", Network: func(image [3]int, classes int) nets.Network {
		return nets.Network{Name: "own", Input: image, Layers: []nets.Layer{l, nets.Dense{Units: classes}}}
	}}
}

// TestLayerThatSaysNothing is trained, without what nobody has said: a line before
// training says so.
func TestLayerThatSaysNothing(t *testing.T) {
	t.Parallel()
	data, dir := small(t), t.TempDir()+"/run"
	o := succeed(t, owning(Silent{nets.Dense{Units: 4}}), "-data", data, "-epochs", "1", "-verbose", "2", "-out", dir)
	line := "no model.onnx will be written: own: layer silent (Silent) cannot be written: give its type a method ONNX(g *onnx.Graph) error\n"
	if before, _, ok := strings.Cut(o.stderr, "1/1"); !ok || !strings.Contains(before, line) {
		t.Errorf("%s\nlacks, before training, %s", o.stderr, line)
	}
	if got, want := names(t, dir), strings.Replace(allFiles, "model.onnx ", "", 1); got != want {
		t.Errorf("the run has %s, expected %s", got, want)
	}
	if !strings.Contains(read(t, dir, "report.html"), "not known: layer silent (Silent) does not say its FLOPs") {
		t.Error("the report does not say whose operations are not known")
	}
	o = command(t, owning(Faulty{nets.Dense{Units: 4}}), "-data", data, "-epochs", "1", "-out", dir+"2")
	if o.code != 1 || !strings.Contains(o.stderr, "layer faulty (Faulty): no pen\n") || strings.Contains(o.stderr, "1/1") {
		t.Errorf("a layer that fails at its ONNX: exit code %d, %s", o.code, o.stderr)
	}
	if _, err := os.Stat(dir + "2"); err == nil {
		t.Error("a run that was refused has left its folder")
	}
}
