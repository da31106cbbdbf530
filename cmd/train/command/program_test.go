package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stheno/nets"
	"stheno/nets/run"
)

// TestAnyNetworkByItsName: -net trains what the command of its name does, bit for
// bit, and the program without a network resumes any run.
func TestAnyNetworkByItsName(t *testing.T) {
	data, any := small(t), Program{Name: "train"}
	own, named := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "run")
	succeed(t, mlp, "-data", data, "-epochs", "2", "-batch", "7", "-out", own)
	succeed(t, any, "-net", "mlp", "-data", data, "-epochs", "1", "-batch", "7", "-out", named)
	succeed(t, any, "-resume", named, "-net", "mlp", "-epochs", "2")
	if read(t, own, run.ModelFile) != read(t, named, run.ModelFile) {
		t.Error("another model than the command's of that name")
	}
	for want, args := range map[string][]string{
		"-net NAME is missing: there are cnn, convnet, lenet5, mlp, program-test, resnet, vgg": {"-data", data},
		"-net rnn: there are cnn, convnet, lenet5, mlp, program-test, resnet, vgg":             {"-net", "rnn"},
		"-net cnn: the run has the network mlp and keeps it":                                   {"-resume", named, "-net", "cnn"},
		"-recipe best: there is none for the network program":                                  {"-net", "program-test", "-recipe", "best"},
	} {
		if o := command(t, any, args...); o.code != 2 || !strings.Contains(o.stderr, want) {
			t.Errorf("%v: exit code %d, %q, want %q", args, o.code, o.stderr, want)
		}
	}
}

func init() { nets.RegisterNetwork("program-test", "the MLP by another name", other) }

// other is a network whose name is not its program's.
func other(image [3]int, classes int) nets.Network {
	n := nets.MLP(image, classes)
	n.Name = "program-test"
	return n
}

// TestAProgramResumesItsNetwork, which may have another name than the program, and
// refuses one that has changed since.
func TestAProgramResumesItsNetwork(t *testing.T) {
	out, program := filepath.Join(t.TempDir(), "run"), Program{Name: "prog", Network: other}
	succeed(t, program, "-data", small(t), "-epochs", "1", "-batch", "7", "-out", out)
	succeed(t, program, "-resume", out, "-epochs", "2")
	program.Network = func(image [3]int, classes int) nets.Network {
		n := other(image, classes)
		n.Layers[1] = nets.Dense{Units: 100, Activation: nets.ReLU}
		return n
	}
	if o := command(t, program, "-resume", out, "-epochs", "3"); o.code != 1 || !strings.Contains(o.stderr, "this program's network is not the run's: layer dense has units 100, not 512") {
		t.Errorf("exit code %d, %q", o.code, o.stderr)
	}
	if o := command(t, mlp, "-resume", out); o.code != 2 || !strings.Contains(o.stderr, "is a run of program-test: resume it with go run ./cmd/train -resume") {
		t.Errorf("exit code %d, %q", o.code, o.stderr)
	}
}

// TestANetworkForOtherData is refused before there is a folder: its run could be read by
// no command.
func TestANetworkForOtherData(t *testing.T) {
	for want, made := range map[string]Program{
		"the program's network has no Name": {
			Name: "nameless", Network: func(image [3]int, classes int) nets.Network { n := nets.MLP(image, classes); n.Name = ""; return n },
		},
		"the network mlp takes images of 3 x 3 x 1, the data have 8 x 8 x 1: have its function make it for the image": {
			Name: "small", Network: func(_ [3]int, classes int) nets.Network { return nets.MLP([3]int{3, 3, 1}, classes) },
		},
		"the network mlp tells 10 classes, the data have 3: have its function make it for the classes": {
			Name: "ten", Network: func(image [3]int, _ int) nets.Network { return nets.MLP(image, 10) },
		},
	} {
		out := filepath.Join(t.TempDir(), "run")
		o := command(t, made, "-data", small(t), "-epochs", "1", "-out", out)
		if _, err := os.Stat(out); o.code != 1 || !strings.Contains(o.stderr, want) || err == nil {
			t.Errorf("exit code %d, %q, want %q; %v", o.code, o.stderr, want, err)
		}
	}
}
