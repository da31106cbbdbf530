package command

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stheno/cmd/internal/shell"
	"stheno/nets/run"
)

// timeless is a run's files whose bytes a resume must restore, without times
// and without what says how the run was interrupted.
func timeless(t testing.TB, dir string) map[string]string {
	t.Helper()
	kept := make(map[string]string)
	for _, name := range []string{"model.safetensors", "steps.csv"} {
		kept[name] = read(t, dir, name)
	}
	for _, name := range []string{"history.csv", "history.json", "result.json"} {
		text := read(t, dir, name)
		text = regexp.MustCompile(`"seconds": [0-9.e+-]+`).ReplaceAllString(text, `"seconds": 0`)
		kept[name] = regexp.MustCompile(`(?m),[^,\n]+$`).ReplaceAllString(text, "")
	}
	return kept
}

// stopAfter runs an app until it has looked so often whether it shall stop.
func stopAfter(t testing.TB, left int, app Program, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	var stdout, stderr bytes.Buffer
	code := Train(countdown{ctx, &left, func() { cancel(interrupted{syscall.SIGINT}) }}, app, args, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// TestResume interrupts a run of three epochs of three steps, each with a test
// of one batch, at every moment at which it looks, and goes on with it.
func TestResume(t *testing.T) {
	dir := small(t)
	for flags, app := range map[string]Program{"": mlp, "-lr=0.001": cnn, "-schedule=warmup:2,cosine -optimizer=sgd -momentum=0.9 -nesterov": mlp, "-patience=1 -tensorboard": mlp,
		"-optimizer=rmsprop -momentum=0.5 -weight-decay=0.1 -swa=2 -l2=0.001 -label-smoothing=0.1 -augment=affine:shift=1+elastic:alpha=3,sigma=1": mlp,
		"-ema=0.9 -patience=1 -optimizer=adamw -weight-decay=0.1 -dropout=0.25 -l2=0.001":                                                          cnn} {
		whole := filepath.Join(t.TempDir(), "run")
		args := append(strings.Fields(flags), "-data", dir, "-epochs", "3", "-batch", "7")
		succeed(t, app, append(args, "-out", whole)...)
		want := timeless(t, whole)
		for left := 1; left <= 12; left++ {
			out := filepath.Join(t.TempDir(), "run")
			o := stopAfter(t, left, app, append(args, "-out", out)...)
			if o.code != 130 || !strings.Contains(o.stderr, "go run ./cmd/"+app.Name+" -resume "+out) {
				t.Fatalf("%s, stop %d: exit code %d, %q", app.Name, left, o.code, o.stderr)
			}
			// A few more rows, as a process that was killed may leave them.
			appendTo(t, filepath.Join(out, "steps.csv"), "99,1.5,0.5\n1")
			succeed(t, app, "-resume", out)
			if d := cmp.Diff(want["steps.csv"], timeless(t, out)["steps.csv"]); d != "" {
				t.Errorf("%s, stop %d: steps.csv (-want +got):\n%s", app.Name, left, d)
			}
			for name, got := range timeless(t, out) {
				if got != want[name] {
					t.Errorf("%s, stop %d: %s is another one", app.Name, left, name)
				}
			}
		}
	}
}

func appendTo(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// TestEarlyStopping ends a run whose val_loss rises, keeps the best weights, and
// is finished for good.
func TestEarlyStopping(t *testing.T) {
	dir, out := small(t), filepath.Join(t.TempDir(), "run")
	o := succeed(t, mlp, "-data", dir, "-epochs", "50", "-lr", "0.5", "-patience", "2", "-out", out)
	if !regexp.MustCompile(`val_loss has not improved for 2 epochs: its best was \S+ in epoch \d+\nthe model has the weights of epoch \d+\n`).MatchString(o.stderr) {
		t.Errorf("%q", o.stderr)
	}
	end, history := parseObject(t, read(t, out, "result.json")), table(t, out, "history.csv")
	kept, _ := end["kept"].(float64)
	if len(history) >= 50 || kept != float64(len(history)-1-2) || fmt.Sprint(end["test_loss"]) != history[int(kept)][4] {
		t.Errorf("result.json %v, history %v", end, history)
	}
	before := files(t, out)
	if o := succeed(t, mlp, "-resume", out, "-epochs", "60"); !strings.Contains(o.stdout, "is finished: val_loss has not improved for 2 epochs") || !cmp.Equal(before, files(t, out)) {
		t.Errorf("%q", o.stdout)
	}
}

// TestResumeKeepsALaidOutSchedule: other epochs would be another schedule.
func TestResumeKeepsALaidOutSchedule(t *testing.T) {
	dir, out := small(t), filepath.Join(t.TempDir(), "run")
	succeed(t, mlp, "-data", dir, "-epochs", "2", "-schedule", "cosine", "-out", out)
	if o := command(t, mlp, "-resume", out, "-epochs", "3"); o.code != shell.Wrong || !strings.Contains(o.stderr, "-epochs 3: the run's schedule cosine is laid out for 2 epochs") {
		t.Errorf("%d, %q", o.code, o.stderr)
	}
}

// TestResumeOfAFinishedRun changes no byte, unless there is more to do.
func TestResumeOfAFinishedRun(t *testing.T) {
	dir, out := small(t), filepath.Join(t.TempDir(), "run")
	succeed(t, mlp, "-data", dir, "-epochs", "2", "-batch", "7", "-out", out)
	before := files(t, out)
	for _, args := range [][]string{nil, {"-epochs", "1"}, {"-steps", "6"}, {"-verbose", "0"}, {"-threads", "1"}, {"-data", dir}, {"-batch", "7"}} {
		o := succeed(t, mlp, append(args, "-resume", out)...)
		if !strings.HasPrefix(o.stdout, out+" is finished: all epochs are done; test accuracy ") {
			t.Errorf("%v: %q", args, o.stdout)
		}
		if !cmp.Equal(before, files(t, out)) {
			t.Errorf("%v changes the folder", args)
		}
	}
	o := succeed(t, mlp, "-resume", out, "-json")
	if end := parseObject(t, o.stdout); end["type"] != "run_end" || end["complete"] != true || end["steps"] != 6.0 {
		t.Errorf("-json: %v", end)
	}
	whole := timeless(t, out)
	write(t, filepath.Join(out, "result.json"), "{")
	if o := succeed(t, mlp, "-resume", out); !strings.Contains(o.stderr, "result.json: is cut off: its JSON does not end: it is written anew") {
		t.Errorf("a damaged result.json: %q", o.stderr)
	}
	if d := cmp.Diff(whole, timeless(t, out)); d != "" {
		t.Error("a result.json that was damaged is another one when it is written anew")
	}

	if o := stopAfter(t, 2, mlp, "-resume", out, "-epochs", "4"); o.code != 130 || names(t, out) != strings.Replace(allFiles, "result.json ", "", 1) {
		t.Errorf("interrupted on the way to more epochs: exit code %d, files %s", o.code, names(t, out))
	}
	longer := filepath.Join(t.TempDir(), "run")
	succeed(t, mlp, "-data", dir, "-epochs", "4", "-batch", "7", "-out", longer)
	succeed(t, mlp, "-resume", out, "-epochs", "4")
	if d := cmp.Diff(timeless(t, longer), timeless(t, out)); d != "" {
		t.Error("two epochs and two more are not four epochs")
	}
	if c := parseObject(t, read(t, out, "config.json")); c.at("settings", "epochs") != 4.0 {
		t.Error("config.json does not know of the epochs")
	}
}

// TestResumeWithoutTheEnd: training is done, but the process was killed before
// the last files were written.
func TestResumeWithoutTheEnd(t *testing.T) {
	dir, out := small(t), filepath.Join(t.TempDir(), "run")
	succeed(t, mlp, "-data", dir, "-epochs", "2", "-batch", "7", "-out", out)
	want := timeless(t, out)
	for _, name := range []string{"result.json", "model.safetensors", "history.csv", "history.json"} {
		if err := os.Remove(filepath.Join(out, name)); err != nil {
			t.Fatal(err)
		}
	}
	succeed(t, mlp, "-resume", out)
	if d := cmp.Diff(want, timeless(t, out)); d != "" {
		t.Errorf("(-want +got)\n%s", strings.ToValidUTF8(d, "?"))
	}
}

// TestResumeRefuses what is not the run: twelve changes and more, each named.
func TestResumeRefuses(t *testing.T) {
	dir, out := small(t), filepath.Join(t.TempDir(), "run")
	if o := stopAfter(t, 2, mlp, "-data", dir, "-batch", "7", "-out", out); o.code != 130 {
		t.Fatal(o.stderr)
	}
	config := read(t, out, "config.json")
	before := files(t, out)
	check := func(what, want string, code int, args ...string) {
		t.Helper()
		o := command(t, mlp, append(args, "-resume", out)...)
		if o.code != code || !strings.Contains(o.stderr, want) || strings.Count(o.stderr, "\n") != 1 {
			t.Errorf("%s: exit code %d, want %d; %q, want %q", what, o.code, code, o.stderr, want)
		}
	}
	for _, flags := range [][]string{
		{"-seed", "2"}, {"-batch", "8"}, {"-lr", "0.01"}, {"-shuffle=false"}, {"-conv", "direct"}, {"-init", "x"}, {"-out", "x"}, {"-summary"},
		{"-patience", "3"}, {"-schedule", "cosine"}, {"-tensorboard"},
	} {
		name, _, _ := strings.Cut(flags[0], "=")
		check(flags[0], name, shell.Wrong, flags...)
	}
	other := writeData(t, 8, 8, 3, 20, 9)
	check("other data", "data.files.2.sha256", shell.Failure, "-data", other)
	for field, to := range map[string][2]string{
		"format": {`"format": 3`, `"format": 4`}, "settings.seed": {`"seed": 1,`, `"seed": 2,`},
		"settings.batch": {`"batch": 7`, `"batch": 9`}, "learning_rate": {`"learning_rate": 0.001,`, `"learning_rate": 0.1,`},
		"settings.shuffle": {`"shuffle": true`, `"shuffle": false`}, "settings.conv": {`"conv": "auto"`, `"conv": "direct"`},
		"settings.init": {`"init": ""`, `"init": "x"`}, "unknown field": {`"seed": 1,`, `"seed": 1, "sead": 2,`},
		"data.classes": {`"classes": 3`, `"classes": 4`}, "data.train": {`"train": 20`, `"train": 21`},
		"data.files.0.sha256": {`"sha256": "`, `"sha256": "0`}, "unexpected end": {"\n}", "\n"},
		"is a run of cnn":                          {`"network": "mlp"`, `"network": "cnn"`},
		"config.json: model: ":                     {`"data_format": "channels_last"`, `"data_format": "channels_first"`},
		"layer dense has use_bias true, not false": {`"use_bias": true`, `"use_bias": false`}, "layer dense has units 512, not 511": {`"units": 512`, `"units": 511`},
		"config.json: it was changed: its epochs 0: must be at least 1": {`"epochs": 10`, `"epochs": 0`},
		"config.json: it was changed: its conv: no":                     {`"conv": "auto"`, `"conv": "x"`},
	} {
		changed := strings.Replace(config, to[0], to[1], 1)
		if changed == config {
			t.Fatalf("config.json has no %s", to[0])
		}
		if field == "data.files.0.sha256" { // a file packed in another way has the same content
			changed = strings.Replace(changed, `"content": "`, `"content": "0`, 1)
		}
		write(t, filepath.Join(out, "config.json"), changed)
		want := map[string]string{"format": "has format 4", "unexpected end": "unexpected"}[field]
		if want == "" {
			want = field
		}
		code := shell.Failure
		if field == "is a run of cnn" {
			code = shell.Wrong
		}
		check(field, want, code)
	}
	write(t, filepath.Join(out, "config.json"), config)
	if !cmp.Equal(before, files(t, out)) {
		t.Error("a refusal changes the folder")
	}
	if o := command(t, mlp, "-resume", filepath.Join(out, "config.json")); o.code != shell.Failure || !strings.Contains(o.stderr, "is a file: name the run's folder") {
		t.Errorf("a file: %d, %q", o.code, o.stderr)
	}
	if o := command(t, mlp, "-resume", t.TempDir()); o.code != shell.Failure || !strings.Contains(o.stderr, "config.json") {
		t.Errorf("no run: %d, %q", o.code, o.stderr)
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestResumePassesOverDamage: the generation before the newest goes on to the
// same end.
func TestResumePassesOverDamage(t *testing.T) {
	dir, whole := small(t), filepath.Join(t.TempDir(), "run")
	args := []string{"-data", dir, "-epochs", "3", "-batch", "7"}
	succeed(t, mlp, append(args, "-out", whole)...)
	out := filepath.Join(t.TempDir(), "run")
	stopAfter(t, 5, mlp, append(args, "-out", out)...)
	saved, err := filepath.Glob(filepath.Join(out, "checkpoint", "*"))
	if err != nil || len(saved) != 2 {
		t.Fatal(saved, err)
	}
	content := []byte(read(t, saved[1]))
	content[len(content)/2] ^= 4
	write(t, saved[1], string(content))
	o := succeed(t, mlp, "-resume", out)
	if !strings.Contains(o.stderr, "a damaged checkpoint is skipped: "+saved[1]) || !strings.Contains(o.stderr, "checksum") {
		t.Errorf("%q", o.stderr)
	}
	if !cmp.Equal(timeless(t, whole), timeless(t, out)) {
		t.Error("the run has another end")
	}
	saved, _ = filepath.Glob(filepath.Join(out, "checkpoint", "*"))
	for _, path := range saved {
		write(t, path, read(t, path)[:100])
	}
	if o := command(t, mlp, "-resume", out); o.code != shell.Failure || !strings.Contains(o.stderr, "no checkpoint can be read") || strings.Count(o.stderr, "\n") != 1 {
		t.Errorf("all damaged: %d, %q", o.code, o.stderr)
	}
}

// TestOneTrainer: the second one on a folder is refused.
func TestOneTrainer(t *testing.T) {
	dir, out := small(t), filepath.Join(t.TempDir(), "run")
	stopAfter(t, 2, mlp, "-data", dir, "-batch", "7", "-out", out)
	unlock, err := run.Folder(out).Lock()
	if err != nil {
		t.Fatal(err)
	}
	if o := command(t, mlp, "-resume", out); o.code != shell.Failure || !strings.Contains(o.stderr, "another process is training into it") {
		t.Errorf("%d, %q", o.code, o.stderr)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	succeed(t, mlp, "-resume", out)
}

// TestCheckpointEvery saves inside epochs, and in the end two generations stay.
func TestCheckpointEvery(t *testing.T) {
	dir, out := small(t), filepath.Join(t.TempDir(), "run")
	succeed(t, mlp, "-data", dir, "-epochs", "2", "-batch", "2", "-checkpoint-every", "3", "-out", out)
	var steps []string
	for name := range files(t, out) {
		if strings.HasPrefix(name, "checkpoint/step") {
			steps = append(steps, name)
		}
	}
	slices.Sort(steps)
	if got := fmt.Sprint(steps); got != "[checkpoint/step-000018.safetensors checkpoint/step-000020.safetensors]" {
		t.Errorf("%v", got)
	}
}

// TestResumeTakesTheRunsOwnFlags: what they go with is in the run, not in the
// command line. What the run does not go with is refused all the same.
func TestResumeTakesTheRunsOwnFlags(t *testing.T) {
	dir, tmp := small(t), t.TempDir()
	for i, c := range []struct{ begin, own, other string }{
		{"-epochs 1 -pretrain triplet -pretrain-epochs 1 -embedding 3", "-pretrain-epochs 1 -embedding 3", "-pretrain-epochs 2"},
		{"-epochs 1 -optimizer adamw -weight-decay 0.1", "-optimizer adamw", "-weight-decay 0.2"},
		{"-epochs 1 -optimizer adamw -weight-decay 0", "-weight-decay 0", "-weight-decay 0.2"},
		{"-epochs 1 -optimizer sgd -momentum 0.9 -nesterov", "-momentum 0.9 -nesterov", "-momentum 0.5"},
		{"-epochs 1 -optimizer rmsprop", "-optimizer rmsprop", "-momentum 0.9"},
		{"-epochs 12 -swa 11", "-swa 11", "-steps 3"},
		{"-epochs 1 -augment affine", "-augment affine", "-augment elastic"},
		{"-epochs 1 -batch 8", "-batch 8", "-epochs 0"},
		{"-epochs 1 -patience 1", "-patience 1", "-verbose 3"},
	} {
		out := filepath.Join(tmp, fmt.Sprint(i))
		succeed(t, mlp, append(strings.Fields(c.begin), "-data", dir, "-out", out)...)
		before := files(t, out)
		succeed(t, mlp, "-resume", out)
		succeed(t, mlp, append(strings.Fields(c.own), "-resume", out)...)
		if o := command(t, mlp, append(strings.Fields(c.other), "-resume", out)...); o.code != shell.Wrong || !strings.Contains(o.stderr, strings.Fields(c.other)[0]) {
			t.Errorf("%s on a run of %s: %d, %q", c.other, c.begin, o.code, o.stderr)
		}
		if !cmp.Equal(before, files(t, out)) {
			t.Errorf("a run of %s has changed", c.begin)
		}
	}
}

// TestResumeWithoutAFolderIsRefused: of a variable that is empty in a script.
func TestResumeWithoutAFolderIsRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"-resume", ""}, {"-repair"}} {
		if o := command(t, mlp, args...); o.code != 2 || !strings.Contains(o.stderr, "-re") || len(files(t, ".")) > 0 {
			t.Errorf("%q: exit code %d, %q", args, o.code, o.stderr)
		}
	}
}

// TestLogThatIsNotTheCheckpoints: a run whose steps.csv is older than its newest
// checkpoint is resumed from the one before; one that fits none, by -repair.
func TestLogThatIsNotTheCheckpoints(t *testing.T) {
	dir := small(t)
	t.Chdir(t.TempDir())
	succeed(t, mlp, "-data", dir, "-epochs", "2", "-batch", "5", "-out", "whole")
	want := read(t, "whole/steps.csv")
	lines := strings.SplitAfter(want, "\n")
	half := (len(lines) - 2) / 2 // steps of an epoch
	older := strings.Join(lines[:half+1], "")
	for name, c := range map[string]struct {
		log           string // "" is none
		flags         []string
		code          int
		words, result string
	}{
		"of the checkpoint before": {older, nil, 0, "older checkpoint of step " + strconv.Itoa(half), want},
		"too old":                  {lines[0], nil, 1, "add -repair", lines[0]},
		"missing":                  {"", nil, 1, "steps.csv: is missing; no older checkpoint fits it: add -repair", ""},
		"of another system":        {strings.ReplaceAll(want, "\n", "\r\n"), nil, 1, "was changed by another program", strings.ReplaceAll(want, "\n", "\r\n")},
		"of another system, made":  {strings.ReplaceAll(want, "\n", "\r\n"), []string{"-repair"}, 0, "repaired: ", want},
		"too old, made":            {lines[0] + lines[1] + "2,0.", []string{"-repair"}, 0, "lacks the rows of these steps: 2 to " + strconv.Itoa(2*half), lines[0] + lines[1]},
		"damaged within":           {strings.Replace(want, "\n3,", "\n\x00\x00", 1), nil, 1, "its line 4 is not the one that was written; no older checkpoint fits it: add -repair", strings.Replace(want, "\n3,", "\n\x00\x00", 1)},
		"damaged within, made":     {strings.Replace(want, "\n3,", "\n\x00\x00", 1), []string{"-repair"}, 0, "lacks the rows of these steps: 3\n", strings.Replace(want, lines[3], "", 1)},
		"missing, made":            {"", []string{"-repair"}, 0, "lacks the rows of these steps: 1 to", lines[0]},
	} {
		t.Run(name, func(t *testing.T) {
			run := "run-" + strings.ReplaceAll(name, " ", "-")
			if err := os.CopyFS(run, os.DirFS("whole")); err != nil {
				t.Fatal(err)
			}
			os.Remove(run + "/result.json")
			os.Remove(run + "/steps.csv")
			if c.log != "" {
				if err := os.WriteFile(run+"/steps.csv", []byte(c.log), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			o := command(t, mlp, append(c.flags, "-resume", run)...)
			if o.code != c.code || !strings.Contains(o.stderr, c.words) {
				t.Fatalf("exit code %d, %q", o.code, o.stderr)
			}
			if c.log == "" && c.code != 0 {
				return
			}
			if got := read(t, run+"/steps.csv"); got != c.result {
				t.Errorf("steps.csv is %q, want %q", got, c.result)
			}
			if c.code == 0 && read(t, run+"/model.safetensors") != read(t, "whole/model.safetensors") {
				t.Error("the model has other bits")
			}
		})
	}
}

// TestFinishedRunSaysWhatWouldGoOn, and nothing else.
func TestFinishedRunSaysWhatWouldGoOn(t *testing.T) {
	dir := small(t)
	t.Chdir(t.TempDir())
	for flags, want := range map[string]string{
		"-epochs 1":                           "; resume it with more -epochs to train on\n",
		"-epochs 9 -steps 2":                  "; resume it with more -steps to train on\n",
		"-epochs 1 -schedule cosine":          " steps\n",
		"-epochs 1 -swa 1":                    " steps\n",
		"-epochs 50 -patience 1 -lr 0.000001": "",
	} {
		args := append(strings.Fields(flags), "-data", dir, "-out", "run")
		succeed(t, mlp, args...)
		o := command(t, mlp, "-resume", "run")
		if o.code != 0 || !strings.HasSuffix(o.stdout, want) {
			t.Errorf("%s: exit code %d, %q", flags, o.code, o.stdout)
		}
		os.RemoveAll("run")
	}
}

// TestDataThatMovedAreFoundByContent: in another folder, gzipped or not.
func TestDataThatMovedAreFoundByContent(t *testing.T) {
	dir := small(t)
	t.Chdir(t.TempDir())
	if err := os.CopyFS("packed", os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("plain", 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Split(names(t, "packed"), " ") {
		z, err := gzip.NewReader(strings.NewReader(read(t, "packed/"+name)))
		if err != nil {
			t.Fatal(err)
		}
		inside, err := io.ReadAll(z)
		if err == nil {
			err = os.WriteFile("plain/"+strings.TrimSuffix(name, ".gz"), inside, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	succeed(t, mlp, "-data", "packed", "-epochs", "1", "-out", "run")
	succeed(t, mlp, "-data", "plain", "-epochs", "1", "-out", "plain-run")
	if err := os.Rename("packed", "elsewhere"); err != nil {
		t.Fatal(err)
	}
	if o := command(t, mlp, "-resume", "run", "-epochs", "2"); o.code != 1 || !strings.Contains(o.stderr, "if the data have moved, say with -data where they are") {
		t.Errorf("exit code %d, %q", o.code, o.stderr)
	}
	succeed(t, mlp, "-resume", "run", "-epochs", "2", "-data", "elsewhere")
	succeed(t, mlp, "-resume", "run", "-epochs", "3", "-data", "plain")
	succeed(t, mlp, "-resume", "plain-run", "-epochs", "2", "-data", "elsewhere")
	if o := command(t, mlp, "-resume", "run", "-epochs", "4", "-data", writeData(t, 8, 8, 3, 21, 10)); o.code != 1 || !strings.Contains(o.stderr, "are not the run's") {
		t.Errorf("other data: exit code %d, %q", o.code, o.stderr)
	}
}
