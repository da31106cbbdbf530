package command

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stheno/cmd/internal/commandtest"
	"stheno/cmd/internal/shell"
	"stheno/data"
	"stheno/nets"
	"stheno/nets/train/progress"
)

// asMNIST is the line on how pictures are prepared for a run of write's.
const asMNIST = "pictures are prepared as MNIST's were (ink found, 20 pixels long, centred), as those were that the run was trained on; -raw only scales them\n"

func encoded(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bar is a picture of a 1.
func bar(t testing.TB) []byte {
	img := image.NewGray(image.Rect(0, 0, 60, 60))
	for y := 10; y < 50; y++ {
		for x := 28; x < 33; x++ {
			img.Pix[y*60+x] = 255
		}
	}
	return encoded(t, img)
}

func blank(t testing.TB) []byte { return encoded(t, image.NewGray(image.Rect(0, 0, 60, 60))) }

// mlpRun is a run folder of a network without training.
func mlpRun(t testing.TB) string {
	return write(t, filepath.Join(t.TempDir(), "run"), untrained(t, "mlp", [3]int{28, 28, 1}, 10))
}

func TestHelp(t *testing.T) {
	for _, flag := range []string{"-h", "--help"} {
		o := command(t, nil, flag)
		if o.code != 0 || o.stderr != "" {
			t.Errorf("%s: exit code %d, stderr %q", flag, o.code, o.stderr)
		}
		if d := cmp.Diff(commandtest.Read(t, "testdata", "help-predict.txt"), o.stdout); d != "" {
			t.Errorf("%s (-want +got):\n%s", flag, d)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, c := range [][]string{
		{"no pictures"}, {"-top 0", "-top", "0", "a.png"}, {`-preview "often"`, "-preview", "often", "a.png"},
		{"-json leaves no room", "-json", "-preview", "always", "a.png"}, {"not defined", "-no", "a.png"}, {"named twice", "-", "-"},
	} {
		o := command(t, nil, c[1:]...)
		if o.code != shell.Wrong || o.stdout != "" || strings.Count(o.stderr, "\n") != 1 || !strings.Contains(o.stderr, c[0]) {
			t.Errorf("%q: %+v", c[1:], o)
		}
	}
}

// TestPictures: answers on stdout, a line for each bad picture on stderr, which
// stops none of the others.
func TestPictures(t *testing.T) {
	run := mlpRun(t)
	t.Chdir(t.TempDir())
	writeFile(t, "one.png", bar(t))
	writeFile(t, "blank.png", blank(t))
	writeFile(t, "text.png", []byte("no picture"))
	writeFile(t, "some/b.PNG", bar(t))
	writeFile(t, "some/a.png", bar(t))
	writeFile(t, "some/.hidden.png", nil)
	writeFile(t, "some/notes.txt", nil)
	o := command(t, bar(t), "-model", run, "-top", "2", "one.png", "text.png", "nosuch.png", "blank.png", "-", "some")
	lines := o.lines()
	if o.code != shell.Failure || len(lines) != 5 {
		t.Fatalf("%+v", o)
	}
	want := strings.TrimPrefix(lines[0], "one.png: ")
	if strings.Count(want, "(0.") != 2 || lines[2] != "stdin: "+want || lines[3] != "some/a.png: "+want || lines[4] != "some/b.PNG: "+want {
		t.Errorf("stdout %q", o.stdout)
	}
	if lines[1] != "blank.png: no ink found; every class has 0.1000" {
		t.Errorf("of the blank picture it says %q", lines[1])
	}
	if o.stderr != asMNIST+"predict: text.png: the file begins with \"no pictu\", which is neither PNG, JPEG nor GIF\npredict: nosuch.png: no such file or directory\n" {
		t.Errorf("stderr %q", o.stderr)
	}
	if o := command(t, nil, "-model", run, "one.png", "blank.png"); o.code != 0 || o.stderr != asMNIST {
		t.Errorf("good pictures alone: %+v", o)
	}
	if o := command(t, nil, "-model", run, "one.png", "-top", "1", "blank.png"); o.code != 0 || strings.Count(o.stdout, "(0.") != 1 || strings.Count(o.stdout, "\n") != 2 {
		t.Errorf("a flag behind a picture: %+v", o)
	}
	if o := command(t, nil, "-model", run, "-raw", "blank.png"); o.code != 0 || strings.Contains(o.stdout, "ink") || !strings.HasPrefix(o.stdout, "blank.png: 0 (0.1000), 1 (") {
		t.Errorf("a raw blank picture goes to the network: %+v", o)
	}
}

func TestNameThatCommandsTheTerminal(t *testing.T) {
	run := mlpRun(t)
	t.Chdir(t.TempDir())
	writeFile(t, "a\x1b[2J.png", blank(t))
	if o := command(t, nil, "-model", run, "."); strings.Contains(o.stdout, "\x1b") || !strings.Contains(o.stdout, `"a\x1b[2J.png"`) {
		t.Errorf("%+v", o)
	}
}

func TestJSON(t *testing.T) {
	run := mlpRun(t)
	t.Chdir(t.TempDir())
	writeFile(t, "3/one.png", bar(t))
	writeFile(t, "3/bad.png", nil)
	writeFile(t, "x/one.png", bar(t))
	writeFile(t, "blank.png", blank(t))
	o := command(t, nil, "-model", run, "-json", "-top", "20", "blank.png", "3/one.png", ".")
	var got []string
	for _, line := range o.lines() {
		var v struct {
			Type, Image, Data, Error string
			Version                  int
			Label                    *int
			Ink                      bool
			Top                      []guess
			Images, Right            int
			Confusion                [][]int
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		text := fmt.Sprint(v.Type, " ", v.Version, " ", v.Image, v.Data)
		if v.Label != nil {
			text += fmt.Sprint(" label ", *v.Label)
		}
		if v.Type == "prediction" {
			text += fmt.Sprint(" ", v.Ink, " ", len(v.Top))
			for i := 1; i < len(v.Top); i++ {
				if v.Top[i].Probability > v.Top[i-1].Probability {
					t.Errorf("not sorted: %s", line)
				}
			}
		}
		if v.Type == "evaluation" {
			text += fmt.Sprint(" ", v.Images, " ", len(v.Confusion))
		}
		got = append(got, text)
	}
	want := []string{
		"prediction 2 blank.png false 10", "prediction 2 3/one.png true 10",
		"error 2 3/bad.png", "prediction 2 3/one.png label 3 true 10", "prediction 2 blank.png false 10", "error 2 x", "evaluation 2 . 1 10",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") || o.code != shell.Failure {
		t.Errorf("exit code %d, lines\n%s\nexpected\n%s", o.code, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestNewestRun is the one whose model is the newest, and that is said.
func TestNewestRun(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, "one.png", bar(t))
	if o := command(t, nil, "one.png"); o.code != shell.Failure || !strings.Contains(o.stderr, "go run ./cmd/cnn") || !strings.Contains(o.stderr, "-model") {
		t.Errorf("without runs: %+v", o)
	}
	m := untrained(t, "mlp", [3]int{28, 28, 1}, 10)
	for i, name := range []string{"b", "c", "a", ".d", "e"} {
		dir := write(t, filepath.Join("runs", name), m)
		when := time.Unix(1e9+map[string]int64{"b": 1, "c": 9, "a": 3, ".d": 20, "e": 30}[name]*1000, int64(i))
		if err := os.Chtimes(filepath.Join(dir, "model.safetensors"), when, when); err != nil {
			t.Fatal(err)
		}
	}
	os.Remove("runs/e/config.json")
	writeFile(t, "runs/unfinished/config.json", nil)
	if o := command(t, nil, "one.png"); o.code != 0 || o.stderr != "-model runs/c, the newest run\n"+asMNIST {
		t.Errorf("%+v", o)
	}
	if o := command(t, nil, "-model", "runs/none", "one.png"); o.code != shell.Failure || !strings.Contains(o.stderr, "runs/none") || strings.Count(o.stderr, "\n") != 1 {
		t.Errorf("no such run: %+v", o)
	}
}

// idx is an IDX file of bytes.
func idx(body []byte, dims ...uint32) []byte {
	file := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		file = binary.BigEndian.AppendUint32(file, d)
	}
	return append(file, body...)
}

// TestSets: IDX files go to the network as they are, and the table counts what
// the predictor says.
func TestSets(t *testing.T) {
	const n, size = 300, 28 * 28
	m := untrained(t, "mlp", [3]int{28, 28, 1}, 10)
	run := write(t, filepath.Join(t.TempDir(), "run"), m)
	test := openMNIST(t).Test
	t.Chdir(t.TempDir())
	for _, part := range []string{"train", "t10k"} {
		writeFile(t, "mnist/"+part+"-images-idx3-ubyte", idx(test.Pixels[:n*size], n, 28, 28))
		writeFile(t, "mnist/"+part+"-labels-idx1-ubyte", idx(test.Labels[:n], n))
	}
	images := make([]float32, n*size)
	labels := make([]int, n)
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	data.Decode(test.Pick(rows...), images, labels)
	scores, err := nets.NewPredictor(m).Predict(images)
	if err != nil {
		t.Fatal(err)
	}
	want := newConfusion(10)
	for i, label := range labels {
		want.add(label, scores.Top(i, 1)[0].Class)
	}
	for _, input := range []string{"mnist", "mnist/t10k-images-idx3-ubyte"} {
		o := command(t, nil, "-model", run, input)
		if o.code != 0 || o.stdout != fmt.Sprintf("%s: %d of 300 images right, accuracy %.4f\n\n%s", input, want.right(), want.accuracy(), want.table(strconv.Itoa)) {
			t.Errorf("%s: %+v, expected\n%s", input, o, want.table(strconv.Itoa))
		}
	}
	writeFile(t, "small/t10k-images-idx3-ubyte", idx(make([]byte, 32), 2, 4, 4))
	writeFile(t, "small/t10k-labels-idx1-ubyte", idx([]byte{1, 2}, 2))
	writeFile(t, "many/t10k-images-idx3-ubyte", idx(make([]byte, size), 1, 28, 28))
	writeFile(t, "many/t10k-labels-idx1-ubyte", idx([]byte{46}, 1))
	writeFile(t, "alone/t10k-images-idx3-ubyte", idx(make([]byte, size), 1, 28, 28))
	if err := os.Mkdir("empty", 0o777); err != nil {
		t.Fatal(err)
	}
	for input, says := range map[string]string{
		"small/t10k-images-idx3-ubyte": "images of 4 x 4 x 1, the network of " + run + " takes 28 x 28 x 1",
		"many/t10k-images-idx3-ubyte":  `the label "46" is no class of`,
		"alone/t10k-images-idx3-ubyte": "no labels beside it",
		"alone":                        "alone: no train-images",
		"empty":                        "predict: empty: holds no pictures",
	} {
		o := command(t, nil, "-model", run, input)
		if o.code != shell.Failure || o.stdout != "" || strings.Count(o.stderr, "\n") != 1 || !strings.Contains(o.stderr, says) {
			t.Errorf("%s: %+v, expected %q", input, o, says)
		}
	}
}

func TestConfusionTable(t *testing.T) {
	c := newConfusion(3)
	for range 12 {
		c.add(0, 0)
	}
	c.add(0, 2)
	c.add(1, 1)
	const want = `true \ predicted
       0  1  2  recall
   0  12  .  1  0.9231
   1   .  1  .  1.0000
   2   .  .  .
`
	if got := c.table(strconv.Itoa); got != want || c.images() != 14 || c.right() != 13 {
		t.Errorf("%d of %d\n%s", c.right(), c.images(), got)
	}
	c.add(0, noClass) // not right, though class 0 would be
	const blank = `true \ predicted
       0  1  2  blank  recall
   0  12  .  1      1  0.8571
   1   .  1  .      0  1.0000
   2   .  .  .      0
`
	if got := c.table(strconv.Itoa); got != blank || c.images() != 15 || c.right() != 13 {
		t.Errorf("with a blank picture: %d of %d\n%s", c.right(), c.images(), got)
	}
	const wide = `true \ predicted
      日本  b  long  blank  recall
日本    12  .     1      1  0.8571
   b     .  1     .      0  1.0000
long     .  .     .      0
`
	if got := c.table(func(i int) string { return []string{"日本", "b", "long"}[i] }); got != wide {
		t.Errorf("with names of other widths:\n%s", got)
	}
}

// TestOtherInput: a network for small coloured images gets them scaled.
func TestOtherInput(t *testing.T) {
	run := write(t, filepath.Join(t.TempDir(), "run"), untrained(t, "mlp", [3]int{8, 6, 3}, 4))
	img := image.NewNRGBA(image.Rect(0, 0, 50, 40))
	for i := range 2000 {
		img.SetNRGBA(i%50, i/50, color.NRGBA{200, 10, 10, 255})
	}
	o := command(t, encoded(t, img), "-model", run, "-preview", "always", "-")
	if o.code != 0 || strings.Contains(o.stdout, "ink") || len(o.lines()) != 5 {
		t.Errorf("%+v", o)
	}
}

func TestPreview(t *testing.T) {
	run := mlpRun(t)
	for _, c := range []struct {
		preview string
		lines   int
	}{{"auto", 1}, {"never", 1}, {"always", 15}} {
		o := command(t, bar(t), "-model", run, "-preview", c.preview, "-")
		if o.code != 0 || len(o.lines()) != c.lines || strings.Contains(o.stdout, "\x1b") {
			t.Errorf("-preview %s: %+v", c.preview, o)
		}
		if c.lines > 1 && strings.Count(o.stdout, "█") < 18 {
			t.Errorf("the bar is not seen:\n%s", o.stdout)
		}
	}
	t.Setenv("FORCE_COLOR", "1")
	if o := command(t, bar(t), "-model", run, "-preview", "always", "-"); strings.Count(o.stdout, "\x1b[0m") != 14 {
		t.Errorf("FORCE_COLOR: %+v", o)
	}
	t.Setenv("NO_COLOR", "1")
	if o := command(t, bar(t), "-model", run, "-preview", "always", "-"); strings.Contains(o.stdout, "\x1b") {
		t.Errorf("NO_COLOR: %+v", o)
	}
	if newPreview([3]int{28, 28, 1}, progress.Terminal{Width: func() int { return 20 }}) != nil {
		t.Error("28 columns are shown in 20")
	}
}

// TestEnds: a context that is done, and a stdout that nobody reads.
func TestEnds(t *testing.T) {
	run := mlpRun(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	if code := Run(ctx, []string{"-model", run, "-"}, bytes.NewReader(bar(t)), &stdout, &stderr); code != shell.Failure || !strings.Contains(stderr.String(), "canceled") {
		t.Errorf("exit code %d, stderr %q", code, stderr.String())
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	w.Close()
	stderr.Reset()
	if code := Run(t.Context(), []string{"-model", run, "-"}, bytes.NewReader(bar(t)), w, &stderr); code != shell.Failure || stderr.Len() == 0 {
		t.Errorf("closed stdout: exit code %d, stderr %q", code, stderr.String())
	}
}
