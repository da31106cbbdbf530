package nets_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"stheno/nets"
)

// TestSummaryOfBranchesIsKerass, in the order of Keras's layers, which is by their
// distance from the end: summary/testdata/branches.py has the network.
func TestSummaryOfBranchesIsKerass(t *testing.T) {
	net := nets.Network{Name: "fork", Input: [3]int{28, 28, 1}}
	conv := nets.Conv2D{Filters: 16, Side: 3, Padding: nets.Same}
	first := conv
	first.NoBias = true
	net.Then(first)
	net.Then(nets.BatchNormalization{})
	y := net.Then(nets.ReLULayer{})
	side := net.Then(nets.Conv2D{Filters: 16, Side: 1}, "image")
	z := net.Then(conv, y)
	w := net.Then(nets.SeparableConv2D{Filters: 16, Side: 3, Padding: nets.Same}, y)
	x := net.Then(nets.Add{}, z, w, side, y)
	net.Then(nets.Concatenate{}, x, "image")
	net.Then(nets.GlobalAveragePooling2D{})
	net.Then(nets.At{Layer: nets.Dense{Units: 10}, Name: "a_name_that_is_longer_than_its_column"})
	m := newModel(t, net, tensor.Float32)
	if err := m.Freeze("conv2d"); err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, columns := range []int{200, 80, 60} {
		if err := m.Summary(&got, columns); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(filepath.Join("summary", "testdata", "branches.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
