package nets_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/safetensors"
)

func TestNamed(t *testing.T) {
	for _, name := range []string{"mlp", "cnn", "lenet5", "convnet", "vgg", "resnet"} {
		net, err := nets.Named(name, [3]int{28, 28, 1}, 10)
		if err != nil || net.Name != name {
			t.Errorf("%s: %q, %v", name, net.Name, err)
		}
	}
	for _, lookUp := range []func() error{
		func() error { _, err := nets.Named("rnn", [3]int{28, 28, 1}, 10); return err },
		func() error { _, err := nets.About("rnn"); return err },
	} {
		if err := lookUp(); err == nil || !strings.Contains(err.Error(), `network "rnn" is not known; there are `+strings.Join(nets.NetworkNames(), ", ")) {
			t.Errorf("rnn: %v", err)
		}
	}
	if _, err := nets.Named("halves", [3]int{28, 0, 1}, 10); err == nil || !strings.Contains(err.Error(), "network halves for images [28 0 1] and 10 classes: each must be at least 1") {
		t.Errorf("no image: %v", err)
	}
	if names := nets.NetworkNames(); !slices.IsSorted(names) || !slices.Contains(names, "cnn") {
		t.Errorf("names %v", names)
	}
	if about, err := nets.About("mlp"); err != nil || !strings.Contains(about, "multi-layer perceptron") {
		t.Errorf("%q, %v", about, err)
	}
}

func init() {
	nets.RegisterNetwork("linear", "one dense layer", func(image [3]int, classes int) nets.Network {
		return nets.Network{Name: "linear", Input: image, Layers: []nets.Layer{nets.Dense{Units: classes}}}
	})
	nets.RegisterNetwork("halves", "a network of one's own that fails on images of no size", func(image [3]int, classes int) nets.Network {
		return nets.Network{Name: "halves", Input: image, Layers: []nets.Layer{nets.Flatten{}, nets.Dense{Units: 100 / image[0] / image[1]}, Residual{Units: classes}, nets.Dense{Units: classes}}}
	})
	nets.RegisterNetwork("fixed", "a network that always has three classes", func(image [3]int, _ int) nets.Network {
		return nets.Network{Name: "fixed", Input: image, Layers: []nets.Layer{nets.Dense{Units: 3}}}
	})
	nets.RegisterNetwork("deeper", "a network with a layer more for more classes", func(image [3]int, classes int) nets.Network {
		return nets.Network{Name: "deeper", Input: image, Layers: slices.Repeat([]nets.Layer{nets.Dense{Units: classes}}, classes)}
	})
	nets.RegisterNetwork("same", "a network whose layers have one size", func(image [3]int, classes int) nets.Network {
		return nets.Network{Name: "same", Input: image, Layers: []nets.Layer{nets.Conv2D{Filters: 4, Side: 3}, nets.Conv2D{Filters: 4, Side: 3}, nets.Dense{Units: 4}, nets.Dense{Units: 4}, nets.Dense{Units: classes}}}
	})
}

// TestNetworksOfOnesOwnFromFiles: a file says how many channels and classes a named
// network has, of ours and of others; or it is said why not.
func TestNetworksOfOnesOwnFromFiles(t *testing.T) {
	file := func(net nets.Network, rename func(i int, w nets.Weight) string) *nets.WeightFile {
		f := &nets.WeightFile{Path: "f"}
		for i, w := range newModel(t, net, tensor.Float32).Weights {
			data := make([]byte, w.Value.MemSize())
			safetensors.Put(data, w.Value.Float32s())
			f.Tensors = append(f.Tensors, safetensors.Tensor{Name: rename(i, w), DType: "F32", Shape: w.Value.Shape(), Data: data})
		}
		return f
	}
	ours := func(_ int, w nets.Weight) string { return w.Name }
	keras := func(i int, w nets.Weight) string {
		return fmt.Sprintf("%d/%s", i/2, w.Name[strings.LastIndex(w.Name, ".")+1:])
	}
	for _, c := range []struct {
		name     string
		channels int
		classes  int
		rename   func(int, nets.Weight) string
	}{
		{"linear", 1, 5, ours}, {"linear", 3, 4, keras}, {"halves", 3, 6, ours}, {"same", 3, 4, ours}, {"same", 5, 4, keras}, {"same", 4, 4, keras}, {"cnn", 4, 128, keras}, {"mlp", 1, 512, keras},
	} {
		net, err := nets.Named(c.name, [3]int{6, 7, c.channels}, c.classes)
		if err != nil {
			t.Fatal(err)
		}
		f := file(net, c.rename)
		slices.Reverse(f.Tensors) // whose order means nothing
		got, err := f.Network(c.name, 6, 7)
		if words := nets.SameNetwork(got, net); err != nil || words != "" {
			t.Errorf("%s, %d channels, %d classes: %v, %s", c.name, c.channels, c.classes, err, words)
		} else if _, err := f.Model(got, tensor.Float32); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	linear := file(nets.MLP([3]int{6, 7, 1}, 3), keras)
	for name, want := range map[string]string{
		"fixed":  "nets: f: does not say how many classes the fixed has: no weight of it depends on that",
		"deeper": "the deeper has other weights for another number of classes",
		"halves": "nets: f: is no halves: no kernel of 2 dimensions has 2 outputs",
		"cnn":    "nets: f: is no cnn: no kernel of 4 dimensions has 32 outputs",
		"same":   "nets: f: is no same: ",
		"rnn":    `nets: f: nets: network "rnn" is not known`,
	} {
		if net, err := linear.Network(name, 6, 7); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want %s", name, net, err, want)
		}
	}
	if _, err := linear.Network("cnn", 2, 2); err == nil || strings.Count(err.Error(), "nets: ") != 1 {
		t.Errorf("too small: %v", err)
	}
}

// TestLayoutOfALayerOfOnesOwn: nobody says how another framework would lay it out,
// though its kernel might fit either way.
func TestLayoutOfALayerOfOnesOwn(t *testing.T) {
	net := nets.Network{Name: "cosines", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{nets.Flatten{}, nets.Normalize{}, nets.Cosines{Units: 4}}}
	f := &nets.WeightFile{Path: "f", Tensors: []safetensors.Tensor{
		{Name: "0.weight", DType: "F32", Shape: []int{4, 4}, Data: make([]byte, 4*4*4)},
		{Name: "0.bias", DType: "F32", Shape: []int{4}, Data: make([]byte, 4*4)},
	}}
	if _, err := f.Model(net, tensor.Float32); err == nil || !strings.Contains(err.Error(), `the cosines's weight "cosines.kernel" is of a layer of one's own: there is no rule for it in files of PyTorch`) {
		t.Errorf("%v", err)
	}
}

// TestDenseReadsImagesAsFlattenDoes: it is Keras's Flatten and Dense.
func TestDenseReadsImagesAsFlattenDoes(t *testing.T) {
	net := foreign
	net.Layers = slices.Delete(slices.Clone(foreign.Layers), 2, 3)
	if err := newModel(t, net, tensor.Float32).ReadWeights(filepath.Join("keras", "testdata", "tiny.keras")); err != nil {
		t.Error(err)
	}
}
