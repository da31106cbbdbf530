package report

import (
	"bytes"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"stheno/data"
	"stheno/data/digit"
	"stheno/nets/run"
	"stheno/nets/train"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares a text with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		os.MkdirAll("testdata", 0o777)
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}

func label(i int) string { return string(rune('a' + i)) }

// eight are eight images of three classes. Class a: 4 images, 3 found, one
// taken for b. Class b: 3, 1 found, 2 taken for a. Class c: 1, taken for b.
func eight() *predictions {
	p := &predictions{}
	for _, image := range []struct {
		label  int
		logits []float32
	}{
		{0, []float32{3, 0, 0}}, {0, []float32{3, 1, 0}}, {0, []float32{1, 0, 0}}, {0, []float32{0, 1, 0}},
		{1, []float32{0, 2, 0}}, {1, []float32{2, 0, 0}}, {1, []float32{5, 0, 0}}, {2, []float32{0, 200, 0}},
	} {
		add(p, image.logits, image.label)
	}
	return p
}

func TestConfusionAndScores(t *testing.T) {
	counts := confusion(eight(), 3)
	if d := cmp.Diff([][]int{{3, 1, 0}, {2, 1, 0}, {0, 1, 0}}, counts); d != "" {
		t.Errorf("confusion (-want +got):\n%s", d)
	}
	// a: taken 5 times, 3 of them right; b: taken 3 times, once right; c: never.
	want := []Class{
		{0, "a", 4, Scores{3. / 5, 3. / 4, 6. / 9}},
		{1, "b", 3, Scores{1. / 3, 1. / 3, 2. / 6}},
		{2, "c", 1, Scores{0, 0, 0}},
	}
	all, macro := classes(counts, label)
	near := cmpopts.EquateApprox(0, 1e-12)
	if d := cmp.Diff(want, all, near); d != "" {
		t.Errorf("classes (-want +got):\n%s", d)
	}
	if d := cmp.Diff(Scores{(3./5 + 1./3) / 3, (3./4 + 1./3) / 3, (6./9 + 2./6) / 3}, macro, near); d != "" {
		t.Errorf("means (-want +got):\n%s", d)
	}
	wantPairs := []Pair{{1, "b", 0, "a", 2, 2. / 3}, {0, "a", 1, "b", 1, 1. / 4}, {2, "c", 1, "b", 1, 1}}
	if d := cmp.Diff(wantPairs, pairs(counts, label), near); d != "" {
		t.Errorf("pairs (-want +got):\n%s", d)
	}
}

// TestLossesDoNotUnderflow: float32 probabilities end at 1e-45.
func TestLossesDoNotUnderflow(t *testing.T) {
	p := eight()
	if got := p.images[7].loss; math.Abs(got-200) > 1e-9 {
		t.Errorf("loss %v, expected 200", got)
	}
	if got, want := p.images[4].loss, math.Log(math.Exp(2)+2)-2; math.Abs(got-want) > 1e-12 {
		t.Errorf("loss %v, expected %v", got, want)
	}
	sum := 0.0
	for _, v := range p.of(3) {
		sum += v
	}
	if math.Abs(sum-1) > 1e-12 {
		t.Errorf("probabilities sum to %v", sum)
	}
}

func eightRows() *data.Set {
	return &data.Set{Pixels: make([]uint8, 8*6), Labels: []uint8{0, 0, 0, 0, 1, 1, 1, 2}, Height: 2, Width: 3, Channels: 1}
}

func TestWorst(t *testing.T) {
	images := worst(eight(), eightRows(), label)
	var order []int
	for _, image := range images {
		order = append(order, image.Index)
	}
	if d := cmp.Diff([]int{7, 6, 5, 3, 2, 4, 1, 0}, order); d != "" {
		t.Errorf("order (-want +got):\n%s", d)
	}
	if top := images[1].Guesses; len(top) != 3 || top[0].Name != "a" || top[0].Probability < 0.98 || images[1].Name != "b" {
		t.Errorf("second worst: %+v", images[1])
	}
}

// synthetic is a report that no kernel has touched.
func synthetic() *Report {
	p := eight()
	seconds, ms := 61.5, 2.345
	r := &Report{
		Run: "runs/x", Network: "mlp", Seed: 7, TestImages: 8, Errors: 4, Accuracy: 0.5, Loss: 26.5,
		Confusion:   confusion(p, 3),
		Cost:        Cost{Params: 407050, ForwardFLOPs: new(813056.), StepFLOPs: new(1636352.), Epochs: 2, Steps: 938, Seconds: &seconds, MsPerStep: &ms},
		Settings:    run.Settings{Epochs: 2, Batch: 128, LearningRate: 0.001, Seed: 7, Conv: "auto"},
		predictions: p, names: label,
		filters: filters{Layer: "dense.kernel", Units: 70, Side: "1 x 2", Tiles: []tile{{Unit: 3, Norm: 2, picture: weightPicture([]float64{-1, 1}, 2)}}},
		run: &Run{Config: run.Config{Data: run.Source{Train: 60000, Test: 8, Image: [3]int{2, 3, 1}, Classes: 3,
			Files: []run.SourceFile{{Name: "test-images", Path: "/somewhere/t10k.gz", SHA256: "abc"}}}, Versions: map[string]string{"go": "go1"}}},
	}
	r.Classes, r.Macro = classes(r.Confusion, label)
	r.Pairs = pairs(r.Confusion, label)
	r.Worst = worst(p, eightRows(), label)
	return r
}

func TestTextGolden(t *testing.T) {
	var b bytes.Buffer
	if err := synthetic().Text(&b, false); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.txt", b.String())
	var colored bytes.Buffer
	synthetic().Text(&colored, true)
	if plain := strings.NewReplacer("\x1b[1m", "", "\x1b[0m", "").Replace(colored.String()); plain != b.String() || colored.String() == plain {
		t.Error("with colour the text is another")
	}
}

func TestWeightPictureIsSymmetric(t *testing.T) {
	for v, want := range map[float64]uint8{0: 247, 1: 178, -1: 33} {
		if got := diverging(v).R; got != want {
			t.Errorf("%v: red %d, expected %d", v, got, want)
		}
	}
	// 0.5 beside 1, and -0.5 beside -1, are half of the scale.
	if a, b := weightPicture([]float64{0.5, -1}, 2), weightPicture([]float64{5, -10}, 2); !bytes.Equal(a.png, b.png) {
		t.Error("a factor changes the picture")
	}
	weightPicture([]float64{math.NaN(), math.Inf(1), 0, 0}, 2) // must not panic
}

func TestTicks(t *testing.T) {
	text := func(low, high float64) (s string) {
		for _, tick := range roundNumbers(low, high) {
			s += tick.Label + " "
		}
		return s
	}
	for _, c := range []struct {
		low, high float64
		want      string
	}{{0, 0.26, "0.00 0.05 0.10 0.15 0.20 0.25 "}, {92.4, 97.9, "93 94 95 96 97 "}, {0, 2.3, "0.0 0.5 1.0 1.5 2.0 "}, {0, 7000, "0 1000 2000 3000 4000 5000 6000 7000 "}} {
		if got := text(c.low, c.high); got != c.want {
			t.Errorf("%v to %v: %q, expected %q", c.low, c.high, got, c.want)
		}
	}
	for _, tick := range wholeNumbers(1, 3) {
		if strings.Contains(tick.Label, ".") {
			t.Errorf("epoch %s", tick.Label)
		}
	}
}

// TestCurvesCope with what a run may leave: nothing, single steps, one epoch,
// a diverged loss, no validation.
func TestCurvesCope(t *testing.T) {
	value := 0.5
	for name, r := range map[string]*Run{
		"one step":      {Steps: []run.Step{{Step: 1, Loss: 2}}},
		"diverged":      {Steps: []run.Step{{Step: 1, Loss: math.NaN()}, {Step: 2, Loss: math.Inf(1)}}},
		"one epoch":     {History: []train.Row{{Epoch: 1, Loss: 0.5, ValLoss: &value, ValAccuracy: &value}}},
		"no validation": {History: []train.Row{{Epoch: 1, Loss: 0.5}, {Epoch: 2, Loss: 0.5}}},
		"many steps":    {Steps: make([]run.Step, 4690)},
	} {
		panels := r.curves()
		if len(panels) != 2 {
			t.Fatalf("%s: %d panels", name, len(panels))
		}
		svg := string(beside(panels).file())
		if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") || !strings.Contains(svg, "cross-entropy, nats") {
			t.Errorf("%s: %.300s", name, svg)
		}
		for _, p := range panels {
			for _, l := range p.lines {
				if len(l.points) > 400 {
					t.Errorf("%s: a line of %d points", name, len(l.points))
				}
			}
		}
	}
	if panels := (&Run{}).curves(); panels != nil {
		t.Errorf("of nothing: %v", panels)
	}
}

func TestInlineColorsAreVariables(t *testing.T) {
	r := synthetic()
	svg := string(r.confusionDrawing().inline("a \"label\""))
	for _, want := range []string{"var(--green)", "var(--red)", "var(--ink)", `aria-label="a &#34;label&#34;"`} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s in %.400s", want, svg)
		}
	}
	if strings.Contains(svg, ":#") || strings.Contains(svg, "http") {
		t.Error("a colour is not a variable, or an address is left")
	}
}

func TestFormats(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Thousands(0), "0"}, {Thousands(999), "999"}, {Thousands(4738826), "4,738,826"},
		{Percent(0.98357), "98.36 %"},
		{probability(1), "100.0 %"}, {probability(0.0012), "0.12 %"}, {probability(1e-9), "< 0.01 %"}, {probability(math.NaN()), "nan"},
		{Operations(new(999.)), "999 FLOP"}, {Operations(new(31062784.)), "31.1 MFLOP"}, {Operations(nil), "unknown"},
		{Seconds(nil), "unknown"}, {Number(1, "run"), "1 run"}, {Number(1200, "run"), "1,200 runs"},
	} {
		if c.got != c.want {
			t.Errorf("%q, expected %q", c.got, c.want)
		}
	}
	for v, want := range map[float64]string{2.667: "2.67 s", 191: "3 min 11 s", 7265: "2 h 1 min"} {
		if got := Seconds(&v); got != want {
			t.Errorf("%v: %q, expected %q", v, got, want)
		}
	}
}

// TestSettingsAreWords: a setting that is a struct is said as the flag says it.
func TestSettingsAreWords(t *testing.T) {
	r := synthetic()
	r.Settings.Preparation.Method = digit.MNIST
	for _, f := range settingsFacts(r) {
		if strings.ContainsAny(f.Value, "{}&") || f.Name == "preparation" && f.Value != "mnist" {
			t.Errorf("%+v", f)
		}
	}
}

// TestCheckDataOfABareRun: a program of one's own may leave a config.json that says
// nothing of the data.
func TestCheckDataOfABareRun(t *testing.T) {
	set := &data.Dataset{Files: []data.File{{Name: "train", Path: "d/train", SHA256: "440fcabf73cc"}}}
	err := CheckData(run.Config{}, "runs/x", set)
	if err == nil || !strings.Contains(err.Error(), "runs/x does not say which data it was trained and tested on") {
		t.Errorf("got %v", err)
	}
}
