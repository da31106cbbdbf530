package stored

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	compare "stheno/cmd/compare/command"
	export "stheno/cmd/export/command"
	predict "stheno/cmd/predict/command"
	serve "stheno/cmd/serve/command"
	training "stheno/cmd/train/command"
	"stheno/data"
	"stheno/graph/kernel"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train/progress"
)

// The environment has a say in where data are and in what a display looks like.
func TestMain(m *testing.M) {
	for _, name := range []string{"STHENO_DATA", "CI", "NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR"} {
		os.Unsetenv(name)
	}
	os.Exit(m.Run())
}

const format2 = "../../../nets/run/testdata/format2"

var programs = map[string]training.Program{
	"mlp":   {Name: "mlp", Network: nets.MLP},
	"cnn":   {Name: "cnn", Network: nets.CNN},
	"train": {Name: "train"},
}

// copied is a stored run that a test may write to.
func copied(t *testing.T, of string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), of)
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(format2, of))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func dataFolder() string { return filepath.Join(format2, "data") }

// command runs a command's function; it must end well.
func command(t *testing.T, of func(stdout, stderr io.Writer) int) (stdout, stderr string) {
	t.Helper()
	var out, said bytes.Buffer
	if code := of(&out, &said); code != 0 {
		t.Fatalf("exit code %d: %s", code, said.String())
	}
	return out.String(), said.String()
}

func resume(t *testing.T, of string, flags ...string) (stdout, stderr string) {
	t.Helper()
	program, done, _ := strings.Cut(filepath.Base(of), "-")
	if done != "" {
		program = "train" // which resumes any run
	}
	return command(t, func(stdout, stderr io.Writer) int {
		return training.Train(t.Context(), programs[program], append([]string{"-resume", of, "-data", dataFolder()}, flags...), stdout, stderr)
	})
}

// sums are the SHA-256 of what the runs' own version made of them.
func sums(t *testing.T) map[string]string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(format2, "sums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	list := make(map[string]string)
	for line := range strings.Lines(string(content)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		list[name] = sum
	}
	return list
}

// sum is the SHA-256 of a file, of history.csv without the seconds.
func sum(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(path) == run.HistoryFile {
		content = regexp.MustCompile(`(?m),[^,\n]*$`).ReplaceAll(content, nil)
	}
	digest := sha256.Sum256(content)
	return hex.EncodeToString(digest[:])
}

func config(t *testing.T, of string) run.Config {
	t.Helper()
	c, err := run.Folder(of).ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestResume ends each run as its own version would have, bit for bit, with each of
// the machine's kernels, with -short the fastest, and says so where the run was begun with others.
func TestResume(t *testing.T) {
	want, compared, implementations := sums(t), 0, kernel.Implementations()
	defer kernel.Use(kernel.Implementation())
	if testing.Short() {
		implementations = implementations[len(implementations)-1:]
	}
	for _, of := range []string{"mlp", "cnn", "mlp-done"} {
		for _, kernels := range implementations {
			if err := kernel.Use(kernels); err != nil {
				t.Fatal(err)
			}
			dir := copied(t, of)
			var more []string
			if of == "mlp-done" {
				more = []string{"-epochs", "4"}
			}
			_, said := resume(t, dir, more...)
			if noted := strings.Contains(said, "other rounding, not the same bits"); noted != (config(t, dir).Kernels != kernels) {
				t.Errorf("%s with %s says %q", of, kernels, said)
			}
			if o, ok, err := run.Folder(dir).ReadOutcome(); !ok || err != nil || !o.Complete || o.TestAccuracy < 0.8 {
				t.Errorf("%s with %s ends with %+v, %v", of, kernels, o, err)
			}
			for _, name := range []string{run.ModelFile, run.StepsFile, run.HistoryFile} {
				stored, known := want[runtime.GOARCH+"/"+kernels+"/"+of+"/"+name]
				if !known {
					continue
				}
				compared++
				if got := sum(t, filepath.Join(dir, name)); got != stored {
					t.Errorf("%s resumed with %s: %s has SHA-256 %s, of the version that began it %s", of, kernels, name, got, stored)
				}
			}
		}
	}
	if compared == 0 && runtime.GOARCH == "amd64" && !testing.Short() {
		t.Errorf("%s/sums.txt knows none of the kernels", format2)
	}
}

// TestResumeOfAFinishedRun changes no byte of it.
func TestResumeOfAFinishedRun(t *testing.T) {
	dir := copied(t, "mlp-done")
	out, _ := resume(t, dir)
	if !strings.Contains(out, "is finished: all epochs are done; test accuracy 0.9500, test loss 0.5251 after 45 steps") {
		t.Errorf("stdout %q", out)
	}
	for _, name := range []string{run.ConfigFile, run.ModelFile, run.StepsFile, run.HistoryFile, "result.json"} {
		if sum(t, filepath.Join(dir, name)) != sum(t, filepath.Join(format2, "mlp-done", name)) {
			t.Errorf("%s is another one", name)
		}
	}
}

// TestResumeBesideAServer: a server trains on what one of an older version began.
func TestResumeBesideAServer(t *testing.T) {
	dir := copied(t, "cnn")
	set, err := data.Open(dataFolder())
	if err != nil {
		t.Fatal(err)
	}
	set.Preparation = config(t, dir).Settings.Preparation
	var said bytes.Buffer
	w := training.Watched{
		Program: programs["cnn"], Data: set, Stderr: &said,
		Args: []string{"-data", "small", "-epochs", "3", "-batch", "16", "-seed", "5", "-checkpoint-every", "4", "-conv", "winograd", "-out", dir},
		Watch: func(*nets.Model, run.Config, run.Folder) progress.Display {
			return progress.New(0, io.Discard, progress.Terminal{})
		},
	}
	if err := w.Run(t.Context()); err != nil {
		t.Fatalf("%v; %s", err, said.String())
	}
	if o, ok, err := run.Folder(dir).ReadOutcome(); !ok || err != nil || !o.Complete || o.Epochs != 3 {
		t.Errorf("it ends with %+v, %v", o, err)
	}
}

// TestResumeWithoutData says what to do.
func TestResumeWithoutData(t *testing.T) {
	var out, said bytes.Buffer
	code := training.Train(t.Context(), programs["mlp"], []string{"-resume", copied(t, "mlp")}, &out, &said)
	if code != 1 || !strings.Contains(said.String(), "if the data have moved, say with -data where they are") {
		t.Errorf("exit code %d, %q", code, said.String())
	}
}

// pictures writes the first test images as files.
func pictures(t *testing.T, n int) (files []string, pixels [][]byte) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dataFolder(), "t10k-images-idx3-ubyte"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for i := range n {
		p := image.NewGray(image.Rect(0, 0, 5, 5))
		copy(p.Pix, content[16+25*i:])
		var file bytes.Buffer
		name := fmt.Sprintf("%d.png", i)
		if err := cmp.Or(png.Encode(&file, p), os.WriteFile(name, file.Bytes(), 0o666)); err != nil {
			t.Fatal(err)
		}
		files, pixels = append(files, name), append(pixels, p.Pix)
	}
	return files, pixels
}

// answers are what the runs' own version answered to the pictures.
var answers = map[string]string{
	"mlp":      "0.png: 1 (0.3675), 2 (0.3320), 0 (0.3005)\n1.png: 0 (0.3530), 1 (0.3490), 2 (0.2980)\n",
	"mlp-done": "0.png: 2 (0.5589), 1 (0.2988), 0 (0.1423)\n1.png: 1 (0.3604), 0 (0.3221), 2 (0.3174)\n",
	"cnn-done": "0.png: 2 (0.4030), 1 (0.3370), 0 (0.2601)\n1.png: 1 (0.3819), 0 (0.3331), 2 (0.2849)\n",
}

// TestPredict gives the answers of before.
func TestPredict(t *testing.T) {
	for of, want := range answers {
		t.Run(of, func(t *testing.T) {
			dir := copied(t, of)
			files, _ := pictures(t, 2)
			got, _ := command(t, func(stdout, stderr io.Writer) int {
				return predict.Run(t.Context(), append([]string{"-model", dir}, files...), nil, stdout, stderr)
			})
			if got != want {
				t.Errorf("%q, of the version that trained it %q", got, want)
			}
		})
	}
}

// TestCompare holds an MLP beside a CNN, with the counts of before.
func TestCompare(t *testing.T) {
	out, _ := command(t, func(stdout, stderr io.Writer) int {
		args := []string{"-json", "-data", dataFolder(), copied(t, "mlp-done"), copied(t, "cnn-done")}
		return compare.Run(t.Context(), args, stdout, stderr)
	})
	var got struct {
		Entries []struct {
			Network string
			Errors  int
			Cost    struct {
				Params int
				FLOPs  int `json:"flops_step"`
				Steps  int
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	const want = "[{mlp 3 {14851 60416 45}} {cnn 5 {27523 172416 40}}]"
	if fmt.Sprint(got.Entries) != want {
		t.Errorf("%v, of the version that trained them %s", got.Entries, want)
	}
}

// TestExport writes the ONNX files of before.
func TestExport(t *testing.T) {
	want := sums(t)
	for of := range answers {
		dir := copied(t, of)
		command(t, func(stdout, stderr io.Writer) int { return export.Run([]string{"-model", dir}, stdout, stderr) })
		if got := sum(t, filepath.Join(dir, run.ONNXFile)); got != want[of+"/"+run.ONNXFile] {
			t.Errorf("%s: SHA-256 %s, of the version that trained it %s", of, got, want[of+"/"+run.ONNXFile])
		}
	}
}

// TestServe asks a server for the answers of before.
func TestServe(t *testing.T) {
	args, names := []string{"-addr", "127.0.0.1:0"}, []string{"mlp", "mlp-done", "cnn-done"}
	for _, of := range names {
		args = append(args, "-run", copied(t, of))
	}
	_, images := pictures(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	told, says := io.Pipe()
	ended := make(chan int, 1)
	var log bytes.Buffer
	go func() { ended <- serve.Run(ctx, args, says, &log); says.Close() }()
	line := make([]byte, 200)
	n, _ := told.Read(line)
	url := regexp.MustCompile(`http://\S+`).FindString(string(line[:n]))
	if url == "" {
		t.Fatalf("exit code %d: %s", <-ended, log.String())
	}
	for _, of := range names {
		model := strings.TrimPrefix(of, "cnn-done")
		if model == "" {
			model = "cnn" // the only one of its network
		}
		got := infer(t, url+"v2/models/"+model+"/infer", images[0])
		for class, p := range got {
			said := regexp.MustCompile(fmt.Sprintf(`\A.* %d \(([0-9.]+)\)`, class)).FindStringSubmatch(answers[of])
			var before float64
			if fmt.Sscan(said[1], &before); math.Abs(p-before) > 0.0001 {
				t.Errorf("%s, class %d: %v, of the version that trained it %v", of, class, p, before)
			}
		}
		if len(got) != 3 {
			t.Errorf("%s: %v", of, got)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d: %s", code, log.String())
	}
}

// infer asks for the probabilities of one image.
func infer(t *testing.T, url string, pixels []byte) []float64 {
	t.Helper()
	values := make([]int, len(pixels))
	for i, p := range pixels {
		values[i] = int(p)
	}
	list, _ := json.Marshal(values)
	body := fmt.Sprintf(`{"outputs":[{"name":"probabilities"}],"inputs":[{"name":"image","datatype":"UINT8","shape":[1,5,5,1],"data":%s}]}`, list)
	r, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var got struct{ Outputs []struct{ Data []float64 } }
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil || r.StatusCode != http.StatusOK || len(got.Outputs) != 1 {
		t.Fatalf("%s: %s, %v", url, r.Status, err)
	}
	return got.Outputs[0].Data
}
