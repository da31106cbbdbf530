package live

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stheno/cmd/serve/internal/page"
	"stheno/cmd/train/command"
	"stheno/nets"
	"stheno/nets/run"
)

// TestTrainingOnThePage watches two trainings, pauses, goes on and stops.
func TestTrainingOnThePage(t *testing.T) {
	trainer, folders := start(t, openMNIST(t), map[string][]string{"mlp": {"-epochs", "2"}, "cnn": {"-epochs", "9"}}, "mlp", "cnn")
	b := open(t, serve(t, trainer, trainer))
	b.draw(digits["0"])
	b.until(`document.querySelectorAll(".model").length > 0`) // a snapshot, long before the end
	b.says(0, "0")
	b.until(`document.getElementById("state").textContent.startsWith("CNN learns: epoch 1 of 9")`)
	b.until(`document.querySelectorAll(".model").length === 2`)
	b.until(`document.querySelectorAll("#curves path.train").length > 2 * 2`) // beside those of the legends
	b.click("#pause")
	b.until(`document.getElementById("pause").textContent === "Go on" && document.body.dataset.training === "paused"`)
	before := b.text("#state")
	for looks := 0; ; looks++ { // the steps that were running and on their way to the page may still come
		time.Sleep(500 * time.Millisecond)
		now := b.text("#state")
		if now == before {
			break
		}
		if before = now; looks == 20 {
			t.Fatalf("training continues in a pause: %q", now)
		}
	}
	for _, scheme := range []string{"light", "dark"} {
		b.view(1400, scheme)
		b.shot("training-" + scheme)
	}
	b.click("#pause")
	b.until(`document.getElementById("pause").textContent === "Pause"`)
	b.until(`document.getElementById("state").textContent !== ` + quote(strings.TrimPrefix(before, "Paused. ")))
	b.sound()
	b.click("#stop")
	b.until(`document.body.dataset.training === "stopped" && document.getElementById("training").hidden`)
	if text := b.text("#state"); !strings.HasPrefix(text, "CNN is stopped; all is saved: go run ./cmd/cnn -resume ") {
		t.Errorf("the page says %q", text)
	}
	trainer.Wait()
	b.run() // the page is still there
	for name, complete := range map[string]bool{"mlp": true, "cnn": false} {
		if _, ok, err := run.Folder(folders[name]).ReadOutcome(); ok != complete || err != nil {
			t.Errorf("%s: result.json is there: %v (%v)", name, ok, err)
		}
	}
}

func quote(text string) string { return "`" + text + "`" }

// TestStoppedRunGoesOn: what Stop leaves is a run folder that the command takes.
func TestStoppedRunGoesOn(t *testing.T) {
	trainer, folders := start(t, openMNIST(t), map[string][]string{"mlp": {"-epochs", "50"}}, "mlp")
	events := trainer.Events(t.Context())
	for e := range events {
		if p, ok := e.Data.(page.Point); ok && p.At > 0.2 {
			break
		}
	}
	trainer.Pause()
	trainer.Stop() // also ends a pause
	trainer.Wait()
	if s := trainer.State(); s.State != "stopped" {
		t.Fatalf("state %v", s)
	}
	var stdout, stderr bytes.Buffer
	code := command.Train(t.Context(), command.Program{Name: "mlp", Network: nets.MLP}, []string{"-resume", folders["mlp"], "-steps", "150", "-verbose", "0"}, &stdout, &stderr)
	if code != 0 {
		t.Errorf("-resume: exit code %d: %s", code, &stderr)
	}
	m, _, err := run.Folder(folders["mlp"]).LoadModel()
	if err != nil || m.Name != "mlp" {
		t.Errorf("the run's model: %v", err)
	}
}

// TestInterruptedRunIsGoneOnWith: a program that begins again where one was ended
// trains only what is missing, and shows what there is from its first moment. A
// run of other settings is none of its business.
func TestInterruptedRunIsGoneOnWith(t *testing.T) {
	set := *openMNIST(t)
	set.Train, set.Test = part(set.Train, 100*128), part(set.Test, 1000)
	dir := filepath.Join(t.TempDir(), "mlp")
	begin := func(epochs string) *Trainer {
		app := command.Program{Name: "mlp", Network: nets.MLP}
		trainer := Start(t.Context(), &set, []Run{{Program: app, Args: []string{"-out", dir, "-epochs", epochs, "-verbose", "0", "-checkpoint-every", "20"}}}, io.Discard)
		t.Cleanup(func() { trainer.Stop(); trainer.Wait() })
		return trainer
	}
	first, stopped := begin("3"), 0.0
	for e := range first.Events(t.Context()) {
		if p, ok := e.Data.(page.Point); ok && p.At > 1.2 {
			stopped = p.At
			break
		}
	}
	first.Stop()
	first.Wait()
	other := begin("4")
	other.Wait()
	if s := other.State(); s.State != "failed" || !strings.Contains(s.Text, "holds another run") {
		t.Errorf("a run of other settings: %v", s)
	}
	second, from := begin("3"), 0.0
	var text string
	for e := range second.Events(t.Context()) {
		if p, ok := e.Data.(page.Point); ok && from == 0 {
			from, text = p.At, second.State().Text
			if models := second.Models(); len(models) != 1 || len(models[0].History) < 1 || models[0].TestAccuracy == nil {
				t.Errorf("at its first step it shows %d models", len(models))
			}
		}
		if s, ok := e.Data.(page.State); ok && (s.State == "done" || s.State == "failed") {
			break
		}
	}
	second.Wait()
	steps, err := os.ReadFile(filepath.Join(dir, run.StepsFile))
	if n := bytes.Count(steps, []byte("\n")); from < stopped || from == 0 || n != 301 || err != nil || second.State().State != "done" {
		t.Errorf("stopped at epoch %v, gone on at %v (%s), %d lines of %s, %v: %v", stopped, from, text, n, run.StepsFile, err, second.State())
	}
	if rows := second.Models()[0].History; len(rows) != 3 || rows[0].Epoch != 1 || rows[2].Epoch != 3 {
		t.Errorf("the history is %v", rows)
	}
	third := begin("3") // of a run that has ended
	third.Wait()
	models := third.Models()
	if s := third.State(); s.State != "done" || len(models) != 1 || len(models[0].History) != 3 || *models[0].TestAccuracy != *second.Models()[0].TestAccuracy {
		t.Errorf("a run that has ended: %v, %d models", s, len(models))
	}
	if again, err := os.ReadFile(filepath.Join(dir, run.StepsFile)); err != nil || !bytes.Equal(again, steps) {
		t.Errorf("it was trained again: %v", err)
	}
}

// TestSnapshotsStay: what has been published predicts the same for ever.
func TestSnapshotsStay(t *testing.T) {
	set := *openMNIST(t)
	set.Train, set.Test = part(set.Train, 100*128), part(set.Test, 1000)
	trainer, _ := start(t, &set, map[string][]string{"mlp": {"-epochs", "2"}}, "mlp")
	image := make([]float32, 784)
	for i, v := range set.Test.Pixels[:784] {
		image[i] = float32(v) / 255
	}
	var seen []*nets.Predictor
	var first [][]float32
	for e := range trainer.Events(t.Context()) {
		if e.Kind == page.ModelsEvent {
			p := trainer.Models()[0].Predictor
			scores, err := p.Predict(image)
			if err != nil {
				t.Fatal(err)
			}
			seen, first = append(seen, p), append(first, scores.Logits)
		}
		if s, ok := e.Data.(page.State); ok && s.State == "done" {
			break
		}
	}
	trainer.Wait()
	if len(seen) != 3 { // one early, and one an epoch
		t.Fatalf("%d snapshots, expected 3", len(seen))
	}
	for i, p := range seen {
		scores, err := p.Predict(image)
		if err != nil {
			t.Fatal(err)
		}
		for class, v := range scores.Logits {
			if v != first[i][class] {
				t.Errorf("snapshot %d has changed", i)
			}
		}
	}
	if m := trainer.Models()[0]; m.TestAccuracy == nil || *m.TestAccuracy < 0.8 || len(m.History) != 2 || m.Config.Network != "mlp" {
		t.Errorf("the last snapshot: %+v", m)
	}
}

func TestRefusedRunFails(t *testing.T) {
	for _, args := range [][]string{{"-epochs", "0"}, {"-summary"}, {"-resume", "x"}} {
		trainer, folders := start(t, openMNIST(t), map[string][]string{"mlp": args}, "mlp")
		trainer.Wait()
		if s := trainer.State(); s.State != "failed" || !strings.Contains(s.Text, args[0]) {
			t.Errorf("%q: %v", args, s)
		}
		if found, _ := filepath.Glob(folders["mlp"] + "/*"); len(found) > 0 {
			t.Errorf("%q: has left %v", args, found)
		}
	}
}

// TestSlowListenerIsSentAway: training waits for nobody.
func TestSlowListenerIsSentAway(t *testing.T) {
	h := hub{}
	slow := h.join(page.Event{Kind: page.PastEvent})
	for range 2 * backlog {
		h.tell(page.Event{Kind: page.StepEvent})
	}
	n := 0
	for range slow {
		n++
	}
	if n != backlog || len(h.listeners) != 0 {
		t.Errorf("%d events, %d listeners", n, len(h.listeners))
	}
}
