package command

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"stheno/data"
	"stheno/nets/run"
	"stheno/nets/train"
)

// TestRecipes: each sets flags that there are, to values that are taken, for
// both networks; the notebook's are the defaults, the others are not.
func TestRecipes(t *testing.T) {
	for _, app := range []Program{mlp, cnn} {
		plain, err := parse(app, nil, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range recipeNames() {
			s, err := parse(app, []string{"-recipe", name}, io.Discard)
			if err != nil {
				t.Fatalf("%s for the %s: %v", name, app.Name, err)
			}
			if s.Recipe != name {
				t.Errorf("the recipe %s is called %s", name, s.Recipe)
			}
			if same := s.Settings == plain.Settings; same != (name == notebook) {
				t.Errorf("%s for the %s: settings are the defaults: %v", name, app.Name, same)
			}
		}
		for name, epochs := range map[string][2]int{"fast": {1, 2}, "best": {10, 1000}} {
			s, err := parse(app, []string{"-recipe", name}, io.Discard)
			if err != nil || s.Epochs < epochs[0] || s.Epochs > epochs[1] {
				t.Errorf("%s for the %s: %d epochs, %v", name, app.Name, s.Epochs, err)
			}
			if err == nil && (s.Augment != "") != (name == "best") {
				t.Errorf("%s for the %s: distorts by %q", name, app.Name, s.Augment)
			}
		}
	}
}

// TestFlagsGoBeforeTheRecipe also where they ask for a default.
func TestFlagsGoBeforeTheRecipe(t *testing.T) {
	s, err := parse(cnn, []string{"-recipe", "best", "-dropout", "0", "-augment", "none", "-epochs", "3", "-schedule", "constant"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if s.Dropout != 0 || s.Augment != "" || s.Epochs != 3 || s.Schedule != "constant" || s.EMA == 0 {
		t.Errorf("%+v", s.Settings)
	}
}

// TestRecipeInARun: config.json has the recipe's name and what came of it, a
// run says so, and a resume takes both from there and refuses others.
func TestRecipeInARun(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := small(t)
	o := succeed(t, cnn, "-recipe", "best", "-data", dir, "-epochs", "1", "-batch", "7", "-out", "run")
	if !strings.Contains(o.stderr, "recipe best; adamw with weight decay 0.") || !strings.Contains(o.stderr, "moving average") {
		t.Errorf("stderr says nothing of the recipe: %s", o.stderr)
	}
	c, err := run.Folder("run").ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	if s := c.Settings; s.Recipe != "best" || s.Optimizer != "adamw" || s.Epochs != 1 || s.EMA == 0 || s.Augment == "" || adamOf(t, c).WeightDecay != s.WeightDecay {
		t.Errorf("config.json: %+v", c)
	}
	if page := read(t, "run", "report.html"); !strings.Contains(page, "recipe best; adamw") {
		t.Error("the report does not say by which recipe")
	}
	checkPlainTestLoss(t, dir)
	succeed(t, cnn, "-resume", "run", "-recipe", "best")
	for _, flags := range []string{"-recipe fast", "-ema 0.5", "-dropout 0.1", "-weight-decay 0.5", "-optimizer adam", "-l2 1", "-label-smoothing 0.5", "-swa 1"} {
		flag, _, _ := strings.Cut(flags, " ")
		if o := command(t, cnn, append([]string{"-resume", "run"}, strings.Fields(flags)...)...); o.code == 0 || !strings.Contains(o.stderr, flag) {
			t.Errorf("%s on resume: exit code %d, %s", flags, o.code, o.stderr)
		}
	}
}

// checkPlainTestLoss: what is said of the finished run is the cross-entropy of
// the weights in its folder, without the label smoothing of its training.
func checkPlainTestLoss(t *testing.T, dir string) {
	t.Helper()
	m, _, err := run.Folder("run").LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	set, err := data.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	want, err := train.Evaluate(t.Context(), m, set.Test, nil)
	if err != nil {
		t.Fatal(err)
	}
	if o, _, err := run.Folder("run").ReadOutcome(); err != nil || o.TestLoss != want.Loss {
		t.Errorf("test loss %v, the model's cross-entropy is %v (%v)", o.TestLoss, want.Loss, err)
	}
}

// TestRunFromBeforeRecipesGoesOn: its settings name none, and no optimizer.
func TestRunFromBeforeRecipesGoesOn(t *testing.T) {
	s, err := parse(mlp, strings.Fields("-resume run -recipe notebook -optimizer adam"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	stored := s.Settings
	stored.Recipe, stored.Optimizer = "", ""
	if err := s.adopt(stored); err != nil || s.Settings != stored {
		t.Errorf("%v; %+v", err, s.Settings)
	}
	if s, err = parse(mlp, strings.Fields("-resume run -recipe fast"), io.Discard); err != nil {
		t.Fatal(err)
	}
	if err := s.adopt(stored); err == nil || !strings.Contains(err.Error(), "-recipe notebook") {
		t.Errorf("another recipe: %v", err)
	}
}

// TestSWAKeepsItsEpochs: its last epochs are those of the plan.
func TestSWAKeepsItsEpochs(t *testing.T) {
	s, err := parse(mlp, strings.Fields("-resume run -epochs 12"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	stored := s.Settings
	stored.Epochs, stored.SWA = 10, 3
	if err := s.adopt(stored); err == nil || !strings.Contains(err.Error(), "-swa 3 is laid out for 10 epochs") {
		t.Error(err)
	}
}

// adamOf is the optimizer with which a run began.
func adamOf(t *testing.T, c run.Config) (a train.Adam) {
	t.Helper()
	if err := json.Unmarshal(c.Optimizer, &a); err != nil {
		t.Fatal(err)
	}
	return a
}
