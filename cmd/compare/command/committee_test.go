package command

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/run"
)

// softmax is a run's own answer to each test image, one at a time, through the
// predictor that programs use.
func softmax(t *testing.T, dir, folder string) (all [][]float32, labels []int) {
	t.Helper()
	set, err := data.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := run.Folder(folder).LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	p := nets.NewPredictor(m)
	for i := range set.Test.Len() {
		pixels, label := set.Test.Pick(i).Row(0)
		image := make([]float32, len(pixels))
		for k, v := range pixels {
			image[k] = float32(v) / 255
		}
		scores, err := p.Predict(image)
		if err != nil {
			t.Fatal(err)
		}
		all, labels = append(all, scores.Probabilities), append(labels, label)
	}
	return all, labels
}

// TestCommittee against the mean of what the runs say by themselves.
func TestCommittee(t *testing.T) {
	dir := dataset(t, 1)
	folders := []string{trained(t, dir, "mlp", 1, 1, 0), trained(t, dir, "mlp", 2, 1, 4), trained(t, dir, "cnn", 1, 1, 0)}
	out := filepath.Join(t.TempDir(), "committee.html")
	var c committee
	if err := json.Unmarshal([]byte(succeed(t, append([]string{"-json", "-out", out, "-committee"}, folders...)...)), &c); err != nil {
		t.Fatal(err)
	}

	wrong, loss := 0, 0.0
	var all [3][][]float32
	var labels []int
	for k, f := range folders {
		all[k], labels = softmax(t, dir, f)
	}
	confusion := make([][]int, 3)
	for i := range confusion {
		confusion[i] = make([]int, 3)
	}
	for i, label := range labels {
		mean, best := [3]float64{}, 0
		for class := range mean {
			for k := range folders {
				mean[class] += float64(all[k][i][class]) / 3
			}
			if mean[class] > mean[best] {
				best = class
			}
		}
		confusion[label][best]++
		loss -= math.Log(mean[label]) / float64(len(labels))
		if best != label {
			wrong++
		}
	}
	if c.Type != "committee" || c.Errors != wrong || math.Abs(float64(c.Accuracy)-1+float64(wrong)/150) > 1e-12 || math.Abs(float64(c.Loss)-loss) > 1e-5 {
		t.Errorf("%d wrong, accuracy %v, loss %v; expected %d and %v", c.Errors, c.Accuracy, c.Loss, wrong, loss)
	}
	for i := range confusion {
		for k := range confusion[i] {
			if c.Confusion[i][k] != confusion[i][k] {
				t.Errorf("confusion %v, expected %v", c.Confusion, confusion)
			}
		}
	}
	params := 0
	for i, m := range c.Members {
		if m.Run != folders[i] || m.OnlyCommittee-m.OnlyMember != m.Errors-c.Errors || m.P != mcnemar(m.OnlyCommittee, m.OnlyMember) {
			t.Errorf("%+v beside %d errors of the committee", m, c.Errors)
		}
		model, _, err := run.Folder(folders[i]).LoadModel()
		if err != nil {
			t.Fatal(err)
		}
		params += model.Params()
	}
	if len(c.Members) != 3 || c.Cost.Params != params {
		t.Errorf("%d members with %d parameters, expected 3 with %d", len(c.Members), c.Cost.Params, params)
	}

	text := succeed(t, append([]string{"-committee"}, folders...)...)
	page := read(t, out)
	wellFormed(t, out, page)
	for _, word := range []string{"ommittee of 3 runs", "McNemar", "Together the 3 runs"} {
		if !strings.Contains(text, word) || !strings.Contains(page, word) {
			t.Errorf("nothing says %q in %s", word, text)
		}
	}
}

// TestCommitteeOfOneRunTwice says what that run says.
func TestCommitteeOfOneRunTwice(t *testing.T) {
	folder := trained(t, dataset(t, 1), "mlp", 1, 1, 0)
	twin := filepath.Join(t.TempDir(), "twin")
	if err := os.CopyFS(twin, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	var c committee
	if err := json.Unmarshal([]byte(succeed(t, "-json", "-committee", folder, twin)), &c); err != nil {
		t.Fatal(err)
	}
	m := c.Members[1]
	if c.Errors != m.Errors || math.Abs(float64(c.Loss-m.Loss)) > 1e-12 || m.P != 1 || m.OnlyCommittee+m.OnlyMember != 0 {
		t.Errorf("committee of %d errors and loss %v, member %+v", c.Errors, c.Loss, m)
	}
}

// TestCommitteeRefusals: one run, or other classes.
func TestCommitteeRefusals(t *testing.T) {
	dir := dataset(t, 1)
	a, named := trained(t, dir, "mlp", 1, 1, 0), trained(t, dir, "cnn", 1, 1, 0)
	f := run.Folder(named)
	c, err := f.ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	c.Data.Names = []string{"0", "cat", "dog"}
	if err := f.WriteJSON(run.ConfigFile, c); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		args []string
		code int
		word string
	}{
		{[]string{"-committee", a}, 2, "give two or more runs"},
		{[]string{"-committee", a, named}, 1, `not of the same classes: number 1 is "1" and "cat"`},
	} {
		code, stdout, stderr := execute(t, x.args...)
		if code != x.code || stdout != "" || !strings.Contains(stderr, x.word) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: exit code %d, %q, %q", x.args, code, stdout, stderr)
		}
	}
}
