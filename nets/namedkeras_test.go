package nets_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"stheno/nets"
	"stheno/nets/pythontest"
)

// TestNamedNetworksHaveTwinsInKeras: testdata/networks/networks.py builds the same ones,
// by their configs, and their summaries are those that are held here.
func TestNamedNetworksHaveTwinsInKeras(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	python := pythontest.Need(t, "keras", "tensorflow")
	if out, err := exec.Command(python, filepath.Join("testdata", "networks", "networks.py"), folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	read := func(path ...string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(path...))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, net := range []nets.Network{nets.LeNet5(mnist, 10), nets.ConvNet(mnist, 10), nets.VGG(mnist, 10), nets.ResNet(mnist, 10)} {
		twin, err := nets.ParseNetwork([]byte(read(folder, net.Name+".json")))
		if err != nil {
			t.Fatal(err)
		}
		if d := nets.SameNetwork(net, twin); d != "" {
			t.Errorf("%s: %s", net.Name, d)
		}
		if read(folder, net.Name+".txt") != read("summary", "testdata", "summary-"+net.Name+".txt") {
			t.Errorf("%s: the summary is not the one in summary/testdata", net.Name)
		}
	}
}
