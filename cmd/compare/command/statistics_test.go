package command

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"

	"stheno/nets/run"
	"stheno/nets/run/report"
	"stheno/nets/train/progress"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6*math.Max(1, math.Abs(b)) }

// TestSample against Student's t of two degrees of freedom, 4.302653.
func TestSample(t *testing.T) {
	s := newSample([]float64{0.97, 0.98, 0.99})
	half := 4.302653 * 0.01 / math.Sqrt(3)
	if !near(s.Mean, 0.98) || !near(*s.Deviation, 0.01) || !near(s.Interval[0], 0.98-half) || !near(s.Interval[1], 0.98+half) {
		t.Errorf("%v, %v, %v", s.Mean, *s.Deviation, *s.Interval)
	}
	if s := newSample([]float64{0.5}); s.Mean != 0.5 || s.Deviation != nil || s.Interval != nil {
		t.Errorf("of one value: %+v", s)
	}
}

// TestMcNemar against sums by hand: of 2 and 8, 2·(1+10+45)/1024.
func TestMcNemar(t *testing.T) {
	for _, c := range []struct {
		a, b int
		want float64
	}{{2, 8, 112. / 1024}, {8, 2, 112. / 1024}, {0, 5, 2. / 32}, {3, 3, 1}, {0, 0, 1}, {4, 5, 1}, {0, 1, 1}} {
		if got := mcnemar(c.a, c.b); !near(got, c.want) {
			t.Errorf("%d and %d: %v, expected %v", c.a, c.b, got, c.want)
		}
	}
}

// TestWelch: equal sizes and variances make it Student's, with t = 2.449490 of
// four degrees of freedom here: (3-1)/sqrt(1/3+1/3), p = 0.070484.
func TestWelch(t *testing.T) {
	if got := welch([]float64{2, 3, 4}, []float64{0, 1, 2}); math.Abs(got-0.070484) > 1e-5 {
		t.Errorf("p = %v", got)
	}
	if got := welch([]float64{1, 1}, []float64{1, 1}); got != 1 {
		t.Errorf("of equals: %v", got)
	}
}

// TestTextGolden is the text of figures that no kernel has touched.
func TestTextGolden(t *testing.T) {
	ms := func(v float64) *float64 { return &v }
	mlp := &entry{Name: "mlp (3 seeds)", Network: "mlp", Seeds: []uint64{1, 2, 3}, Accuracy: newSample([]float64{0.97, 0.98, 0.99}),
		Errors: 20, Loss: 0.08, Recall: []float64{0.97, 0.99}, Cost: report.Cost{Params: 1000, ForwardFLOPs: ms(2000), StepFLOPs: ms(4000), Epochs: 3, Seconds: ms(3), MsPerStep: ms(1.5)}}
	cnn := &entry{Name: "cnn (2 seeds)", Network: "cnn", Seeds: []uint64{1, 2}, Accuracy: newSample([]float64{0.985, 0.987}),
		Errors: 14.5, Loss: 0.05, Recall: []float64{0.99, 0.98}, Cost: report.Cost{Params: 12000, ForwardFLOPs: ms(60000), StepFLOPs: ms(180000), Epochs: 3}}
	classes := []report.Class{{Name: "0", Images: 500}, {Label: 1, Name: "1", Images: 500}}
	c := &comparison{exam: exam{TestImages: 1000}, Entries: []*entry{mlp, cnn}, Runs: make([]*report.Report, 5)}
	for i := range c.Runs {
		c.Runs[i] = &report.Report{Classes: classes}
	}
	d := differ(cnn, mlp)
	p := 0.2
	d.P, d.Test = &p, "Welch's t"
	c.Against = []difference{d}
	c.Conclusion = c.conclude()
	var b bytes.Buffer
	if err := c.Text(&b, progress.Terminal{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "comparison.txt", b.String())

	for _, e := range c.Entries { // of one run each, called by their folders
		e.Name, e.Accuracy = "runs/"+e.Network+"-20260102-150405", newSample([]float64{0.98})
	}
	c.Conclusion = nil
	for columns, upright := range map[int]bool{120: false, 80: true, 60: true} {
		b.Reset()
		if err := c.Text(&b, progress.Terminal{Width: func() int { return columns }}); err != nil {
			t.Fatal(err)
		}
		got := b.String()
		if longest := text.LongestLineLen(got); columns > 60 && longest >= columns {
			t.Errorf("%d columns: a line has %d\n%s", columns, longest, got)
		}
		if strings.Contains(got, "\nparameters ") != upright || strings.Contains(got, "deviation") {
			t.Errorf("%d columns:\n%s", columns, got)
		}
	}
}

func TestPValue(t *testing.T) {
	for p, want := range map[float64]string{0.0704: "= 0.070", 2e-62: "= 2e-62", 0: "< 1e-300"} {
		if got := pValue(p); got != want {
			t.Errorf("%v: %q, want %q", p, got, want)
		}
	}
}

// TestClaims: what is called more accurate is not taken back by the same line.
func TestClaims(t *testing.T) {
	a, b := &entry{Name: "a", Recall: []float64{0.9}, Accuracy: newSample([]float64{0.9})}, &entry{Name: "b", Recall: []float64{0.8}, Accuracy: newSample([]float64{0.8})}
	for _, p := range []float64{0.2, 0.001} {
		d := differ(b, a)
		d.P = &p
		c := &comparison{Entries: []*entry{a, b}, Against: []difference{d}, Runs: []*report.Report{{Classes: []report.Class{{Name: "0"}}}}}
		line := c.conclude()[0]
		if claims, doubts := strings.Contains(line, "is more accurate"), strings.Contains(line, "may well be chance"); claims == doubts || doubts != (p > certain) {
			t.Errorf("p = %v: %s", p, line)
		}
	}
}

func TestShare(t *testing.T) {
	for v, want := range map[float64]string{
		1: "the same cost", 1.004: "the same cost", 0.109: "a ninth of the cost", 0.5: "half the cost", 0.66: "two thirds of the cost",
		0.8: "80 % of the cost", 0.994: "99 % of the cost", 0.0321: "3.2 % of the cost", 11.64: "11.6 times the cost", 123.4: "123 times the cost",
	} {
		if got := share(v, "cost"); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}

// TestOtherData: runs of other kinds of data have no file in common whose sum
// could be told.
func TestOtherData(t *testing.T) {
	of := func(name string) *report.Run {
		r := &report.Run{Folder: run.Folder("runs/" + name)}
		r.Config.Data.Files = []run.SourceFile{{Name: name, SHA256: strings.Repeat("7", 64)}}
		return r
	}
	err := sameData(of("train"), of("train-images"))
	if err == nil || strings.Contains(err.Error(), "SHA-256") || !strings.Contains(err.Error(), "runs/train and runs/train-images are not of the same data: only runs that were tested on the same images") {
		t.Errorf("%v", err)
	}
	if err := sameData(of("train"), of("train")); err != nil {
		t.Errorf("the same: %v", err)
	}
}
