package command

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stheno/data"
	"stheno/nets/run"
	"stheno/nets/run/report"
	"stheno/nets/train"
)

// wellFormed refuses a page with an element that is not closed, an address of
// the network, or a script.
func wellFormed(t *testing.T, name, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Entity = xml.HTMLEntity
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for _, word := range []string{"http://", "https://", "<script", "NaN", "ZgotmplZ", "url("} {
		if strings.Contains(page, word) {
			t.Errorf("%s has %s", name, word)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, flag := range []string{"-h", "--help"} {
		golden(t, "help.txt", succeed(t, flag))
	}
}

func TestReportOfARun(t *testing.T) {
	dir := dataset(t, 1)
	for _, c := range []struct {
		network       string
		epochs, steps int
		words         []string
	}{
		{"mlp", 2, 0, []string{"2 epochs and 18 steps", "the 64 of 512 units", "8 x 8 each", "training time"}},
		{"cnn", 1, 0, []string{"1 epoch and 9 steps", "all 32 units", "3 x 3 each"}},
		{"mlp", 1, 4, []string{"0 epochs and 4 steps", "Training ended before its first epoch did", "unknown"}},
	} {
		folder := trained(t, dir, c.network, 1, c.epochs, c.steps)
		text := succeed(t, folder)
		if _, err := os.Stat(filepath.Join(folder, "report.html")); err == nil {
			t.Error("without -write the folder has changed")
		}
		if again := succeed(t, "-write", folder); again != text {
			t.Error("-write changes the text")
		}
		page := read(t, folder, "report.html")
		wellFormed(t, folder, page)
		all := text + page
		for _, word := range append(c.words, "150 images", "prefers-color-scheme: dark", "data:image/png;base64,") {
			if !strings.Contains(all, word) {
				t.Errorf("%s: nothing says %q", folder, word)
			}
		}
		curves, confusion := read(t, folder, "curves.svg"), read(t, folder, "confusion.svg")
		succeed(t, "-write", folder)
		if read(t, folder, "report.html") != page || read(t, folder, "curves.svg") != curves || read(t, folder, "confusion.svg") != confusion {
			t.Error("the same run gives other bytes")
		}
	}
}

// TestReportKnowsTheValidation: the report tests the images anew and must find
// what training found.
func TestReportKnowsTheValidation(t *testing.T) {
	folder := run.Folder(trained(t, dataset(t, 1), "cnn", 1, 2, 0))
	rows, err := folder.ReadHistory()
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.WriteJSON(run.OutcomeFile, run.Outcome{Epochs: 2, Steps: 18, Seconds: 12.5}); err != nil {
		t.Fatal(err)
	}
	var r struct {
		Type     string
		Version  int
		Accuracy float64
		Loss     float64
		Cost     struct{ Seconds float64 }
		Worst    []struct{ Loss float64 }
	}
	if err := json.Unmarshal([]byte(succeed(t, "-json", string(folder))), &r); err != nil {
		t.Fatal(err)
	}
	if want := *rows[1].ValAccuracy; r.Accuracy != want {
		t.Errorf("accuracy %v, the validation's was %v", r.Accuracy, want)
	}
	if want := *rows[1].ValLoss; r.Loss < 0.9999*want || r.Loss > 1.0001*want {
		t.Errorf("loss %v, the validation's was %v", r.Loss, want)
	}
	if r.Type != "report" || r.Version != 1 || r.Cost.Seconds != 12.5 || len(r.Worst) != 20 {
		t.Errorf("%+v", r)
	}
}

// TestWriteAtTheEndOfARun: what training leaves is what the command writes
// later, when result.json is there.
func TestWriteAtTheEndOfARun(t *testing.T) {
	folder := run.Folder(trained(t, dataset(t, 1), "mlp", 1, 2, 0))
	m, c, err := folder.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	set, err := data.Open(c.Settings.Data)
	if err != nil {
		t.Fatal(err)
	}
	o := run.Outcome{Epochs: 2, Steps: 18, Seconds: 3.25, Kept: 1}
	if err := report.Write(t.Context(), folder, o, m, set); err != nil {
		t.Fatal(err)
	}
	page := read(t, string(folder), report.HTMLFile)
	if !strings.Contains(page, "weights of epoch 1") || !strings.Contains(page, "3.25 s") {
		t.Error("the page does not know the outcome")
	}
	if err := folder.WriteJSON(run.OutcomeFile, o); err != nil {
		t.Fatal(err)
	}
	if text := succeed(t, "-write", string(folder)); !strings.Contains(text, "weights of epoch 1") {
		t.Error("the text does not know the outcome")
	}
	if read(t, string(folder), report.HTMLFile) != page {
		t.Error("written later the page is another")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.ErrUnexpectedEOF)
	if err := report.Write(ctx, folder, o, m, set); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("when cancelled: %v", err)
	}
}

func TestComparison(t *testing.T) {
	dir := dataset(t, 1)
	a, b, c := trained(t, dir, "mlp", 1, 1, 0), trained(t, dir, "mlp", 2, 1, 0), trained(t, dir, "cnn", 1, 1, 0)
	out := filepath.Join(t.TempDir(), "below", "page")
	text := succeed(t, a, "-out", out, b, c)
	for _, word := range []string{"3 runs, 150 test images", "mlp (2 seeds)", "1, 2", "95 % interval", "One run against several allows no test"} {
		if !strings.Contains(text, word) {
			t.Errorf("nothing says %q in %s", word, text)
		}
	}
	page := read(t, out, pageFile)
	wellFormed(t, out, page)
	for _, picture := range []string{"Test error by seconds of training", "Test error by operations of training"} {
		if !strings.Contains(page, picture) {
			t.Errorf("the page has no picture %q", picture)
		}
	}
	file := filepath.Join(t.TempDir(), "x.html")
	succeed(t, "-out", file, "-json", a, b, c)
	if read(t, file) != page {
		t.Error("the same runs give another page")
	}

	var two struct {
		Type    string
		Entries []struct{ Name string }
		Against []struct {
			Test      string
			P         *float64
			Params    float64 `json:"times_params"`
			OnlyThis  *int    `json:"only_this_right"`
			OnlyFirst *int    `json:"only_first_right"`
			Accuracy  float64
		} `json:"against_the_first"`
	}
	if err := json.Unmarshal([]byte(succeed(t, "-json", a, c)), &two); err != nil {
		t.Fatal(err)
	}
	d := two.Against[0]
	if two.Type != "comparison" || two.Entries[1].Name != "cnn" || d.Test != "McNemar, exact" || d.P == nil || d.Params < 2 {
		t.Errorf("%+v", two)
	}
	if got := float64(*d.OnlyThis-*d.OnlyFirst) / 150; got < d.Accuracy-1e-9 || got > d.Accuracy+1e-9 {
		t.Errorf("accuracy differs by %v, right images by %v", d.Accuracy, got)
	}
}

// TestRefusals: one line on stderr, nothing on stdout, no file.
func TestRefusals(t *testing.T) {
	dir, other := dataset(t, 1), dataset(t, 9)
	a, foreign, unfinished, moved := trained(t, dir, "mlp", 1, 1, 0), trained(t, other, "mlp", 1, 1, 0), trained(t, dir, "mlp", 3, 1, 0), trained(t, dir, "mlp", 4, 1, 0)
	for _, err := range []error{os.Remove(filepath.Join(unfinished, run.ModelFile)), os.WriteFile(filepath.Join(moved, run.StepsFile), []byte("step,loss,accuracy\n1,x,2\n"), 0o666)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	empty := t.TempDir()
	gone := dataset(t, 1)
	orphan := trained(t, gone, "mlp", 1, 1, 0)
	if err := os.RemoveAll(gone); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args  []string
		code  int
		words []string
	}{
		{nil, 2, []string{"no run"}},
		{[]string{a, "-data"}, 2, []string{"-data", "needs an argument"}},
		{[]string{"-nonsense", a}, 2, []string{"-nonsense", "not defined"}},
		{[]string{"-color", "pink", a}, 2, []string{`"pink"`, "auto, always or never"}},
		{[]string{a, a + "/"}, 2, []string{"given twice"}},
		{[]string{"nowhere"}, 1, []string{"nowhere", "is no run folder"}},
		{[]string{empty}, 1, []string{empty, "is no run folder", "config.json"}},
		{[]string{a, unfinished}, 1, []string{unfinished, "not finished", "model.safetensors"}},
		{[]string{a, foreign}, 1, []string{a, foreign, "not of the same data", "train-images"}},
		{[]string{"-data", other, a}, 1, []string{a, "SHA-256", "-data DIR"}},
		{[]string{orphan}, 1, []string{orphan, gone, "if they have moved, say with -data where they are"}},
		{[]string{"-data", empty, a}, 1, []string{empty, "no MNIST files"}},
		{[]string{moved}, 1, []string{"steps.csv", "line 2"}},
		{[]string{"-out", filepath.Join(a, "config.json", "x.html"), a}, 1, []string{"-out", "not a directory"}},
	} {
		code, stdout, stderr := execute(t, c.args...)
		if code != c.code || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "compare: ") {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q", c.args, code, stdout, stderr)
		}
		for _, word := range c.words {
			if !strings.Contains(stderr, word) {
				t.Errorf("%v: %q does not say %q", c.args, stderr, word)
			}
		}
	}
}

// TestTellsTheEpochsOfTheModelItTests: of a run that was resumed and killed the
// checkpoint is tested, and the epochs told are those of the checkpoint, in words.
func TestTellsTheEpochsOfTheModelItTests(t *testing.T) {
	dir := dataset(t, 1)
	folder := trained(t, dir, "mlp", 1, 1, 0)
	set, err := data.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	f := run.Folder(folder)
	m, c, err := f.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(f.File(run.CheckpointDir), 0o777); err != nil {
		t.Fatal(err)
	}
	adam, history, steps := train.NewAdam(0.01), &run.History{Folder: f}, &run.StepLog{Folder: f}
	parts := run.Parts{Model: m, Optimizer: adam, Callbacks: []train.Callback{clock{}, steps, history}}
	saving := &run.Checkpoint{Parts: parts, Folder: f, Config: c}
	if _, err := train.Fit(t.Context(), m, set.Train, adam, train.Plan{Epochs: 2, Batch: 7, Validation: set.Test, Callbacks: append(parts.Callbacks, saving)}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(saving.Close(), steps.Close()); err != nil {
		t.Fatal(err)
	}
	history.Rows = append(history.Rows, train.Row{Epoch: 3, Accuracy: 1}) // of an epoch whose checkpoint was not saved any more
	if err := history.TrainBegin(nil); err != nil {
		t.Fatal(err)
	}
	text := succeed(t, folder)
	for _, want := range []string{
		"after 2 epochs and 18 steps",
		"accuracy " + report.Percent(*history.Rows[1].ValAccuracy),
		"this is its checkpoint after step 18 (epoch 2), and not model.safetensors, which has other weights",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%.400s", want, text)
		}
	}
	other := trained(t, dir, "mlp", 2, 1, 0)
	if text := succeed(t, other, folder); !strings.Contains(text, "this is its checkpoint after step 18") {
		t.Errorf("of two runs:\n%s", text)
	}
}
