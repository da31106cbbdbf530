package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"stheno/data/augment"
)

// expanded are the jobs of studies, with the project's recipes.
func expanded(t *testing.T, studies []study, only string) []job {
	t.Helper()
	recipes, err := recipeFolder()
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := expand(studies, regexp.MustCompile(only), recipes)
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

// TestTable holds the studies to what their names promise.
func TestTable(t *testing.T) {
	all := expanded(t, studies, "")
	kinds := make(map[string]bool)
	for _, j := range all {
		if kinds[j.String()] {
			t.Errorf("%s stands there twice", j)
		}
		kinds[j.String()] = true
		for _, flag := range strings.Fields(j.flags) {
			if slices.Contains([]string{"-seed", "-out", "-resume", "-threads", "-validation-split", "-data"}, flag) {
				t.Errorf("%s: %s is the driver's", j, flag)
			}
			if flag == "-patience" && !j.tunes() {
				t.Errorf("%s: -patience would choose the epoch on the test images", j)
			}
		}
		if j.network != "mlp" && j.network != "cnn" {
			t.Errorf("%s: network %s", j, j.network)
		}
		if got := slices.Contains(j.args(), "-validation-split"); got != strings.HasPrefix(j.study, "tune-") {
			t.Errorf("%s: held out is %v", j, got)
		}
		if j.tunes() && len(j.committees) > 0 {
			t.Errorf("%s: a committee is tested on the test images", j)
		}
	}
	// 2 networks x 4 methods x (5+5+5+3) seeds
	if n := len(expanded(t, studies, "^metric/")); n != 144 {
		t.Errorf("metric has %d runs", n)
	}
}

// TestEntriesDiffer: no two entries of a study train in the same way, which names
// and flags do not tell: a recipe may say what an entry wants to compare it with.
func TestEntriesDiffer(t *testing.T) {
	same := make(map[string]job)
	for _, j := range expanded(t, studies, "") {
		if j.seed != 1 {
			continue
		}
		kind := fmt.Sprint(j.study, j.network, effective(t, j))
		if twin, ok := same[kind]; ok {
			t.Errorf("%s is %s: %s", j, twin, kind)
		}
		same[kind] = j
	}
}

// effective are the settings of a job that do something.
func effective(t *testing.T, j job) map[string]string {
	m := values(j.recipe + " " + j.flags)
	delete(m, "recipe")
	spec, err := augment.Parse(m["augment"])
	if err != nil {
		t.Errorf("%s: %v", j, err)
	}
	m["augment"] = spec.String() // with all its numbers
	maps.DeleteFunc(m, func(_, value string) bool { return value == "0" || value == "none" })
	return m
}

// TestRecipeIsPartOfARun: a run that was trained by a recipe of that name is not
// the run of a recipe that has changed, but in what the flags say anyway.
func TestRecipeIsPartOfARun(t *testing.T) {
	s := []study{{"final", "", []entry{{"m", "mlp", "-recipe best -lr 0.002 -shuffle=false", 1, nil}}}}
	of := func(files map[string]string) job {
		dir := t.TempDir()
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		jobs, err := expand(s, regexp.MustCompile(""), dir)
		if err != nil {
			t.Fatal(err)
		}
		return jobs[0]
	}
	was := of(map[string]string{"best-mlp.txt": "# of old\n-epochs 3\n-lr 0.001\n-ema 0.9 # why\n", "best.txt": "-epochs 9"})
	if was.recipe != "-epochs 3 -ema 0.9" {
		t.Errorf("beyond its flags the recipe says %q", was.recipe)
	}
	done := results{{Study: "final", Run: "m", Network: "mlp", Flags: was.flags, Recipe: was.recipe, Seed: 1}}
	for _, c := range []struct {
		files map[string]string
		same  bool
	}{
		{map[string]string{"best.txt": "-epochs 3\n-ema 0.9\n-shuffle true"}, true},
		{map[string]string{"best.txt": "-epochs 4\n-ema 0.9"}, false},
		{map[string]string{"best.txt": "-epochs 3"}, false},
	} {
		now := of(c.files)
		if _, found := done.of(now); found != c.same || (now.folder("") == was.folder("")) != c.same {
			t.Errorf("%v: has a line: %v; folders %s and %s", c.files, found, now.folder(""), was.folder(""))
		}
	}
	if _, err := expand(s, regexp.MustCompile(""), t.TempDir()); err == nil || !strings.Contains(err.Error(), `final/m: recipe "best"`) {
		t.Errorf("a recipe that is not there: %v", err)
	}
}

// dataset writes 60 training and 30 test images of 8 x 8 pixels in three classes.
func dataset(t *testing.T) string {
	t.Helper()
	dir, rng := t.TempDir(), rand.New(rand.NewPCG(1, 2))
	write := func(name string, body []byte, dims ...int) {
		file := bytes.NewBuffer([]byte{0, 0, 8, byte(len(dims))})
		for _, d := range dims {
			binary.Write(file, binary.BigEndian, uint32(d))
		}
		file.Write(body)
		if err := os.WriteFile(filepath.Join(dir, name), file.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, rows := range map[string]int{"train": 60, "t10k": 30} {
		var labels, pixels []byte
		for i := range rows {
			labels = append(labels, byte(i%3))
			for range 64 {
				pixels = append(pixels, byte(70*(i%3)+rng.IntN(110)))
			}
		}
		write(name+"-images-idx3-ubyte", pixels, rows, 8, 8)
		write(name+"-labels-idx1-ubyte", labels, rows)
	}
	return dir
}

// place is where a test's driver reads and writes.
type place struct {
	t             *testing.T
	results, runs string
	studies       []study
}

func newPlace(t *testing.T, studies ...study) *place {
	return &place{t, t.TempDir(), t.TempDir(), studies}
}

// drive is the command with these flags.
func (p *place) drive(ctx context.Context, stderr *watcher, args ...string) (code int, stdout string) {
	p.t.Helper()
	var out bytes.Buffer
	code = carryOut(ctx, p.t.Context(), append(args, "-results", p.results, "-runs", p.runs), p.studies, &out, stderr)
	return code, out.String()
}

func (p *place) lines() results {
	p.t.Helper()
	lines, err := readResults(p.results, p.studies)
	if err != nil {
		p.t.Fatal(err)
	}
	return lines
}

// watcher keeps what is said, and does something at a word.
type watcher struct {
	bytes.Buffer
	word string
	do   func()
}

func (w *watcher) Write(p []byte) (int, error) {
	if w.do != nil && bytes.Contains(p, []byte(w.word)) {
		w.do()
	}
	return w.Buffer.Write(p)
}

// TestStudy trains a study that tunes and a final one with the real programs,
// twice: nothing is done again.
func TestStudy(t *testing.T) {
	t.Parallel()
	flags := "-batch 7 -data " + dataset(t)
	p := newPlace(t,
		study{"tune-x", "", []entry{{"m", "mlp", "-epochs 2 " + flags, 1, nil}}},
		study{"final", "", []entry{{"m", "mlp", "-recipe fast -pretrain triplet -pretrain-epochs 1 " + flags, 2, nil}}})
	log := &watcher{}
	if code, _ := p.drive(t.Context(), log, "-only", "final/m-2|tune", "-jobs", "2", "-threads", "1"); code != 0 {
		t.Fatalf("exit code %d: %s", code, log)
	}
	if n := len(p.lines()); n != 2 {
		t.Fatalf("%d lines of 2 runs", n)
	}
	if code, _ := p.drive(t.Context(), log); code != 0 {
		t.Fatalf("exit code %d: %s", code, log)
	}
	lines := p.lines()
	if len(lines) != 3 || !strings.Contains(log.String(), "runs to train: 1 of 3") {
		t.Fatalf("%d lines of 3 runs: %s", len(lines), log)
	}
	for _, l := range lines {
		j := l.job()
		model, err := sum(filepath.Join(j.folder(p.runs), "model.safetensors"))
		if err != nil || model != l.Model {
			t.Errorf("%s: the model has the sum %s (%v), the line %s", j, model, err, l.Model)
		}
		if (l.ValAccuracy == nil) != (l.Study == "final") || (l.TestAccuracy == nil) != (l.Study == "tune-x") {
			t.Errorf("%s: validation %v, test %v", j, l.ValAccuracy, l.TestAccuracy)
		}
		if l.Commit == "" || l.CPU == "" || l.Go == "" || l.Threads < 1 || l.Seconds <= 0 {
			t.Errorf("%s: %+v", j, l)
		}
		if steps := map[string]int{"tune-x": 2 * 8, "final": 9 + 9}[l.Study]; l.Epochs != 2 || l.Steps != steps { // 54 and 60 images
			t.Errorf("%s: %d epochs and %d steps, expected 2 and %d, of the pre-training too", j, l.Epochs, l.Steps, steps)
		}
		var s struct {
			Batch     int
			Seed      int
			Data      string
			Rate      float64 `json:"learning_rate"`
			Optimizer string
		}
		if err := json.Unmarshal(l.Settings, &s); err != nil || s.Batch != 7 || s.Seed != l.Seed || s.Data != "" {
			t.Errorf("%s: settings %s (%v)", j, l.Settings, err)
		}
		if recipe := values(l.Recipe); recipe["lr"] != fmt.Sprint(s.Rate) || recipe["optimizer"] != s.Optimizer {
			t.Errorf("%s: was trained with %s, and is said to be with %q", j, l.Settings, l.Recipe)
		}
	}
	if content, err := os.ReadFile(resultFile(p.results, "tune-x")); err != nil || bytes.Contains(content, []byte("test_accuracy")) {
		t.Errorf("a study that tunes knows the test images: %s (%v)", content, err)
	}

	log = &watcher{}
	if code, _ := p.drive(t.Context(), log); code != 0 || !strings.Contains(log.String(), "all 3 are done") || len(p.lines()) != 3 {
		t.Errorf("exit code %d: %s", code, log)
	}
	_, summary := p.drive(t.Context(), log, "-summary")
	_, markdown := p.drive(t.Context(), log, "-markdown")
	_, listed := p.drive(t.Context(), log, "-list")
	for _, c := range [][2]string{{summary, "held out"}, {summary, " to "}, {markdown, "| --- |"}, {listed, "3 of 3 are done"}} {
		if !strings.Contains(c[0], c[1]) {
			t.Errorf("nothing says %q in %s", c[1], c[0])
		}
	}

	p.studies[1].entries[0].flags += " -lr 0.002" // another run under the old name
	if _, listed := p.drive(t.Context(), log, "-list"); !strings.Contains(listed, "1 of 3 are done") {
		t.Errorf("with other flags: %s", listed)
	}
}

// TestCommittee: the seeds' softmax is averaged when all are done, once, and only
// of the runs that the lines tell of.
func TestCommittee(t *testing.T) {
	t.Parallel()
	p := newPlace(t, study{"final", "", []entry{{"m", "mlp", "-epochs 1 -batch 7 -data " + dataset(t), 2, []committee{ofImages, {"views", "-tta 3 -augment affine"}}}}})
	log := &watcher{}
	if code, _ := p.drive(t.Context(), log, "-only", "m-1|committee|views"); code != 0 || len(p.lines()) != 1 {
		t.Fatalf("exit code %d, %d lines: a committee that lacks a member: %s", code, len(p.lines()), log)
	}
	for range 2 {
		if code, _ := p.drive(t.Context(), log); code != 0 || len(p.lines()) != 4 {
			t.Fatalf("exit code %d, %d lines: %s", code, len(p.lines()), log)
		}
	}
	c, v := p.lines()[2], p.lines()[3]
	if c.Seed != 0 || !slices.Equal(c.Seeds, []int{1, 2}) || c.TestAccuracy == nil || *c.TestAccuracy < 0.3 || *c.TestLoss <= 0 || c.Epochs != 2 || c.Steps != 18 {
		t.Errorf("%+v", c)
	}
	if v.Seed != 0 || v.Views != "-tta 3 -augment affine" || *v.TestLoss == *c.TestLoss || math.Abs(*v.TestLoss-*c.TestLoss) > 0.2 {
		t.Errorf("of views %+v, loss %v; of images %v", v, *v.TestLoss, *c.TestLoss)
	}
	if _, summary := p.drive(t.Context(), log, "-summary"); !strings.Contains(summary, fmt.Sprintf(" %.2f; %.2f -tta 3 -augment affine ", 100**c.TestAccuracy, 100**v.TestAccuracy)) {
		t.Errorf("the summary has not both committees: %s", summary)
	}

	lines := p.lines()[:2]
	lines[1].Model = "another"
	os.Remove(resultFile(p.results, "final"))
	for _, l := range lines {
		if err := appendResult(p.results, l); err != nil {
			t.Fatal(err)
		}
	}
	log = &watcher{}
	if code, _ := p.drive(t.Context(), log); code != 1 || !strings.Contains(log.String(), "has another model than its line") {
		t.Errorf("exit code %d: %s", code, log)
	}
}

// TestInterruption stops a run after its first epoch. It goes on, and ends with
// the bytes of one that nobody stopped.
func TestInterruption(t *testing.T) {
	t.Parallel()
	s := study{"final", "", []entry{{"m", "mlp", "-epochs 150 -batch 7 -data " + dataset(t), 1, nil}}}
	p, whole := newPlace(t, s), newPlace(t, s)
	ctx, cancel := context.WithCancelCause(t.Context())
	log := &watcher{word: "epoch 1 of 150", do: func() { cancel(stopped{syscall.SIGTERM}) }}
	if code, _ := p.drive(ctx, log); code != 143 {
		t.Fatalf("exit code %d: %s", code, log)
	}
	if n := len(p.lines()); n != 0 || !strings.Contains(log.String(), "is saved and goes on next time") {
		t.Fatalf("%d lines of a run that was stopped: %s", n, log)
	}
	if _, listed := p.drive(t.Context(), log, "-list"); !regexp.MustCompile(`m +│ +0 │ +1 │ +1 │`).MatchString(listed) {
		t.Errorf("the list has no run that is begun: %s", listed)
	}
	for _, p := range []*place{p, whole} {
		log := &watcher{}
		if code, _ := p.drive(t.Context(), log); code != 0 || len(p.lines()) != 1 {
			t.Fatalf("exit code %d: %s", code, log)
		}
	}
	if got, want := p.lines()[0], whole.lines()[0]; got.Model != want.Model || got.Steps != want.Steps || *got.TestLoss != *want.TestLoss {
		t.Errorf("after an interruption %+v, without one %+v", got, want)
	}
}

// TestTimeIsUp: no program is built, no run begins, or it is stopped; that is a
// success.
func TestTimeIsUp(t *testing.T) {
	t.Parallel()
	for _, budget := range []string{"1us", "5s"} {
		p := newPlace(t, study{"final", "", []entry{{"m", "mlp", "-epochs 100000 -batch 7 -data " + dataset(t), 1, nil}}})
		log := &watcher{}
		if code, _ := p.drive(t.Context(), log, "-time", budget); code != 0 || len(p.lines()) != 0 || !strings.Contains(log.String(), "the time is up: the same command goes on") {
			t.Errorf("-time %s: exit code %d: %s", budget, code, log)
		}
	}
}

// TestAFailureStopsNoOther: it is told, with the program's own words.
func TestAFailureStopsNoOther(t *testing.T) {
	t.Parallel()
	flags := "-epochs 1 -data " + dataset(t)
	p := newPlace(t, study{"final", "", []entry{{"bad", "mlp", "-nonsense 1", 1, nil}, {"good", "mlp", flags, 1, nil}}})
	log := &watcher{}
	code, _ := p.drive(t.Context(), log)
	if lines := p.lines(); code != 1 || len(lines) != 1 || lines[0].Run != "good" || !strings.Contains(log.String(), "flag provided but not defined: -nonsense") {
		t.Errorf("exit code %d, %v: %s", code, lines, log)
	}
}

func TestComplaint(t *testing.T) {
	for text, want := range map[string]string{
		"mlp: warning: slow\nmlp: no space left\n":                                "mlp: no space left",
		"cnn: of another\nmlp: graph: Affine: out of range\n\tmain.go:15 +0x88\n": "mlp: graph: Affine: out of range",
		"killed": "killed",
		"":       "",
	} {
		if got := complaint("mlp", text); got != want {
			t.Errorf("of %q %q, want %q", text, got, want)
		}
	}
}

func TestResults(t *testing.T) {
	dir, all := t.TempDir(), []study{{name: "a"}, {name: "b"}}
	for i := range 3 {
		if err := appendResult(dir, line{Version: lineVersion, Study: "a", Run: "m", Seed: i + 1}); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := readResults(dir, all)
	if err != nil || len(lines) != 3 || lines[2].Seed != 3 {
		t.Fatalf("%+v, %v", lines, err)
	}
	for _, c := range []struct{ text, want string }{{`{"version":1,"study":"b"`, "line 1"}, {`{"version":2,"study":"b"}`, "version 2"}, {`{"version":1,"study":"a"}`, `study "a"`}} {
		if err := os.WriteFile(resultFile(dir, "b"), []byte(c.text+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := readResults(dir, all); err == nil || !strings.Contains(err.Error(), "study-b.jsonl") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.text, err)
		}
	}
	unlock, err := lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(dir); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("locked twice: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
}

// TestEffect: seeds are compared with themselves, and a picture is drawn of what is
// compared.
func TestEffect(t *testing.T) {
	entries := []entry{{"mlp-100-control", "mlp", "-labels 100", 3, nil}, {"mlp-100-supcon", "mlp", "-labels 100 -pretrain supcon", 3, nil}, {"other-1", "mlp", "-x", 1, nil}}
	jobs := expanded(t, []study{{"s", "", entries}}, "")
	var lines results
	for _, j := range jobs {
		accuracy := 0.5 + 0.1*float64(j.seed)
		if j.name == "mlp-100-supcon" {
			accuracy += 0.01 * float64(j.seed)
		}
		lines = append(lines, line{Study: "s", Run: j.name, Network: j.network, Flags: j.flags, Recipe: j.recipe, Seed: j.seed, TestAccuracy: &accuracy, TestLoss: new(float64)})
	}
	all := groups(jobs, lines, "")
	// Differences of 1, 2 and 3 points: 2 and 4.303 standard errors of 1/sqrt(3).
	if got, want := all[1].effect(all[1].controlOf(all)), "+2.00 (-0.48 to +4.48)"; got != want {
		t.Errorf("effect %q, expected %q", got, want)
	}
	for _, i := range []int{0, 2} {
		if got := all[i].effect(all[i].controlOf(all)); got != "" {
			t.Errorf("%s has an effect: %q", all[i].job.name, got)
		}
	}
	var svg bytes.Buffer
	if err := picture(&svg, all); err != nil || !strings.Contains(svg.String(), "supcon") || strings.Contains(svg.String(), "other") {
		t.Errorf("picture: %v: %s", err, svg.String())
	}
	if err := picture(&svg, all[2:]); err == nil || !strings.Contains(err.Error(), "control") {
		t.Errorf("a picture of nothing: %v", err)
	}
}

// TestEstimate: what is known of a kind, of its network, and not at all.
func TestEstimate(t *testing.T) {
	jobs := expanded(t, []study{{"s", "", []entry{{"a", "mlp", "", 2, nil}, {"b", "mlp", "-x", 1, nil}, {"c", "cnn", "", 1, nil}}}}, "")
	d := &driver{settings: settings{jobs: 2}, open: jobs, lines: results{{Study: "s", Run: "a", Network: "mlp", Recipe: jobs[0].recipe, Seed: 1, Seconds: 60}}, stderr: &watcher{}}
	d.begin()
	if got, want := d.remains(), "about 1m30s remain, and what 1 runs take of which nothing is known yet"; got != want {
		t.Errorf("%q, expected %q", got, want)
	}
	d.open = nil
	d.running["x"] = &attempt{job: jobs[0], left: 20}
	if got, want := d.remains(), "about 10s remain"; got != want {
		t.Errorf("%q, expected %q", got, want)
	}
}

func TestRefusals(t *testing.T) {
	p := newPlace(t, study{"final", "", []entry{{"m", "mlp", "", 1, nil}}})
	for _, c := range []struct {
		args []string
		code int
		word string
	}{
		{[]string{"-jobs", "0"}, 2, "-jobs 0"},
		{[]string{"-time", "-1s"}, 2, "-time"},
		{[]string{"-only", "("}, 2, "-only"},
		{[]string{"-only", "zzz"}, 1, "-list shows all"},
		{[]string{"-list", "-summary"}, 2, "questions of their own"},
		{[]string{"x"}, 2, `unexpected argument "x"`},
	} {
		log := &watcher{}
		code := carryOut(t.Context(), t.Context(), append([]string{"-results", p.results}, c.args...), p.studies, &bytes.Buffer{}, log)
		if code != c.code || !strings.Contains(log.String(), c.word) || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("%v: exit code %d: %s", c.args, code, log)
		}
	}
}
