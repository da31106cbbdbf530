package command_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"stheno/cmd/export/command"
	"stheno/cmd/internal/commandtest"
	train "stheno/cmd/train/command"
	"stheno/nets"
)

// outcome is how a command ended and what it said.
type outcome struct {
	code           int
	stdout, stderr string
}

func exported(args ...string) outcome {
	var stdout, stderr bytes.Buffer
	code := command.Run(args, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// programs are those whose runs are exported.
var programs = []train.Program{{Name: "mlp", Network: nets.MLP}, {Name: "cnn", Network: nets.CNN}}

// trained makes a run.
func trained(t *testing.T, p train.Program, args ...string) {
	t.Helper()
	var stderr bytes.Buffer
	if code := train.Train(t.Context(), p, args, io.Discard, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
}

// TestExportIsTheRunsOwn: from a run's folder come the bytes that the run wrote.
func TestExportIsTheRunsOwn(t *testing.T) {
	for _, app := range programs {
		run := filepath.Join(t.TempDir(), "run")
		trained(t, app, "-data", commandtest.WriteData(t, 8, 7, 3, 20, 10), "-epochs", "1", "-out", run)
		want, again := commandtest.Read(t, run, "model.onnx"), filepath.Join(t.TempDir(), "again.onnx")
		if o := exported("-model", run, "-out", again); o.code != 0 || o.stderr != "" || !strings.Contains(o.stdout, "again.onnx: "+app.Name+", images 8 x 7 x 1, 3 classes") {
			t.Errorf("exit code %d, stdout %q, stderr %q", o.code, o.stdout, o.stderr)
		}
		if commandtest.Read(t, again) != want {
			t.Errorf("%s: the export is not the run's model.onnx", app.Name)
		}
		if o := exported("-model", run, "-image", "7x8"); o.code != 1 || !strings.Contains(o.stderr, "is a run on images of 8 x 7, not -image 7x8") {
			t.Errorf("another -image: exit code %d, %q", o.code, o.stderr)
		}
		if err := os.Remove(filepath.Join(run, "model.onnx")); err != nil {
			t.Fatal(err)
		}
		if o := exported("-model", run); o.code != 0 || commandtest.Read(t, run, "model.onnx") != want {
			t.Errorf("into the run's folder: exit code %d, %q", o.code, o.stderr)
		}
	}
}

// Silent is a layer of one's own without ONNX nodes.
type Silent struct{ nets.Dense }

func init() { nets.Register(Silent{}) }

// TestExportNamesTheLayerThatIsNotWritten, and leaves no file.
func TestExportNamesTheLayerThatIsNotWritten(t *testing.T) {
	own := train.Program{Name: "own", Network: func(image [3]int, classes int) nets.Network {
		return nets.Network{Name: "own", Input: image, Layers: []nets.Layer{Silent{nets.Dense{Units: 4}}, nets.Dense{Units: classes}}}
	}}
	run, file := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "own.onnx")
	trained(t, own, "-data", commandtest.Small(t), "-epochs", "1", "-out", run)
	o := exported("-model", run, "-out", file)
	if want := "own: layer silent (Silent) cannot be written: give its type a method ONNX(g *onnx.Graph) error\n"; o.code != 1 || !strings.HasSuffix(o.stderr, want) {
		t.Errorf("exit code %d, %q, expected %q", o.code, o.stderr, want)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("there is a file: %v", err)
	}
}

func TestExportFindsShapes(t *testing.T) {
	for _, app := range programs {
		channels, dir := 1, t.TempDir()
		if app.Name == "cnn" {
			channels = 2
		}
		net := app.Network([3]int{9, 9, channels}, 5)
		ours, theirs := filepath.Join(dir, "ours.safetensors"), filepath.Join(dir, "theirs.safetensors")
		commandtest.WriteModel(t, ours, net)
		m, err := nets.New(net, tensor.Float32, rand.New(rand.NewPCG(1, 1)))
		if err != nil {
			t.Fatal(err)
		}
		commandtest.AsPyTorch(t, theirs, m)
		for _, args := range [][]string{{"-model", ours}, {"-model", ours, "-net", app.Name}, {"-model", theirs, "-net", app.Name}} {
			o := exported(append(args, "-image", "9x9")...)
			said := ""
			if args[1] == theirs {
				said = theirs + " says nothing of activations, and of layers without weights: they are taken to be the " + app.Name + "'s\n"
			}
			want := strings.TrimSuffix(args[1], "safetensors") + "onnx: " + app.Name + ", images 9 x 9 x " + string(rune('0'+channels)) + ", 5 classes"
			if o.code != 0 || o.stderr != said || !strings.HasPrefix(o.stdout, want) {
				t.Errorf("%v: exit code %d, stdout %q, stderr %q, want %q", args, o.code, o.stdout, o.stderr, want)
			}
		}
	}
}

func TestExportHelp(t *testing.T) {
	o := exported("-h")
	if d := cmp.Diff(commandtest.Read(t, "testdata", "help-export.txt"), o.stdout); d != "" || o.code != 0 || o.stderr != "" {
		t.Errorf("exit code %d, stderr %q (-want +got):\n%s", o.code, o.stderr, d)
	}
}

func TestExportRefusals(t *testing.T) {
	t.Chdir(t.TempDir())
	commandtest.WriteModel(t, "mlp.safetensors", nets.MLP([3]int{9, 9, 1}, 5))
	commandtest.WriteModel(t, "oblong.safetensors", nets.MLP([3]int{9, 8, 1}, 5))
	commandtest.WriteModel(t, "cnn.safetensors", nets.CNN([3]int{9, 9, 1}, 5))
	other := nets.MLP([3]int{9, 9, 1}, 5)
	other.Name = "other"
	commandtest.WriteModel(t, "other.safetensors", other)
	cnnModel, err := nets.New(nets.CNN([3]int{9, 9, 1}, 5), tensor.Float32, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	commandtest.AsPyTorch(t, "torch-cnn.safetensors", cnnModel)
	for path, content := range map[string]string{"text.safetensors": "no weights", "run/config.json": "{}", "empty/.keep": "",
		"unzipped/config.json": "{}", "unzipped/model.weights.h5": "", "saved/saved_model.pb": "", "m.onnx": "\x08\x07\x12\x07stheno"} {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	before := commandtest.Files(t, ".")
	const usage, failure = 2, 1
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"", usage, "-model RUN_OR_FILE is missing"},
		{"mlp.safetensors", usage, `unexpected argument "mlp.safetensors"`},
		{"-model mlp.safetensors -net rnn", usage, `-net: network "rnn" is not known; there are cnn, convnet, lenet5, mlp, resnet, vgg`},
		{"-model mlp.safetensors -size 3", usage, "-size"},
		{"-model missing.safetensors", failure, "missing.safetensors: no such file"},
		{"-model text.safetensors", failure, `text.safetensors: begins with "no weigh"`},
		{"-model empty", failure, "empty: is no run folder: config.json"},
		{"-model run", failure, "run/config.json: has format 0"},
		{"-model other.safetensors", failure, `other.safetensors: network "other" is not known`},
		{"-model mlp.safetensors -net cnn", failure, "is of the network mlp, not -net cnn"},
		{"-model torch-cnn.safetensors", failure, "does not say which network it is: say it with -net; there are cnn, convnet, lenet5, mlp, resnet, vgg"},
		{"-model torch-cnn.safetensors -net mlp", failure, "is no mlp: no kernel of 2 dimensions has 512 outputs"},
		{"-model oblong.safetensors", failure, "first dense layer has 72 inputs, which are no images of 28 x 28, grey (784) or in colour (2352): -image is 28x28; say which size the network was made for"},
		{"-model oblong.safetensors -image 8x8", failure, "which are no images of 8 x 8, grey (64) or in colour (192): -image is 8x8"},
		{"-model cnn.safetensors", failure, `tensor "dense.kernel" has shape [1600 128], the cnn's has [36864 128]: it has 1600 inputs, where images of 28 x 28 x 1 give 24 x 24 x 64 = 36864: before it the file's network probably has a pooling layer`},
		{"-model torch-cnn.safetensors -net cnn", failure, `tensor "net.dense.weight" has shape [128 1600], the cnn's "dense.kernel" is [128 36864] in files of PyTorch: it has 1600 inputs, where images of 28 x 28 x 1 give 24 x 24 x 64 = 36864`},
		{"-model cnn.safetensors -image 16000x16000", failure, `tensor "dense.kernel" has shape [1600 128]`},
		{"-model mlp.safetensors -image 9", usage, "-image 9: must be HEIGHTxWIDTH in pixels, such as 28x28, each from 1 to 16384"},
		{"-model mlp.safetensors -image 0x9", usage, "-image 0x9: must be"},
		{"-model mlp.safetensors -image 9x9x1", usage, "-image 9x9x1: must be"},
		{"-model mlp.safetensors -image 9x9 -out nowhere/m.onnx", failure, "nowhere/m.onnx: no such file"},
		{"-model unzipped", failure, "unzipped: is an unzipped Keras model: zip its files into one"},
		{"-model saved", failure, "saved: is a folder with TensorFlow's SavedModel"},
		{"-model m.onnx -net mlp", failure, "m.onnx: is an ONNX file"},
	} {
		o := exported(strings.Fields(c.args)...)
		if o.code != c.code || o.stdout != "" || !strings.HasPrefix(o.stderr, "export: ") || strings.Count(o.stderr, "\n") != 1 || !strings.Contains(o.stderr, c.want) {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q, want code %d and %q", c.args, o.code, o.stdout, o.stderr, c.code, c.want)
		}
		if d := cmp.Diff(before, commandtest.Files(t, ".")); d != "" {
			t.Fatalf("%s: left behind (-before +after):\n%s", c.args, d)
		}
	}
}
