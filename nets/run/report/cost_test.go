package report

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"stheno/graph"
	"stheno/nets"
	"stheno/nets/run"
)

// TestCostOfAPretraining: seconds and operations of a run are those of its
// pre-training too. Its network is 64-512-5 in place of 64-512-3, and sees two
// views of each image; a step takes each layer's multiply-adds three times, but
// the first one's twice.
func TestCostOfAPretraining(t *testing.T) {
	m, err := nets.New(nets.MLP([3]int{8, 8, 1}, 3), graph.DtypeOf[float32](), rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		t.Fatal(err)
	}
	folder := run.Folder(t.TempDir())
	c := run.Config{Data: run.Source{Train: 60, Classes: 3}, Settings: run.Settings{Batch: 7, Pretrain: "supcon", Augment: "affine", Embedding: 5}}
	own := float64(2 * (2*64*512 + 3*512*3) * 9 * 7)
	before := float64(2 * 2 * (2*64*512 + 3*512*5) * 18 * 7)
	of := func() Cost {
		t.Helper()
		r, err := load(folder, c, m)
		if err != nil {
			t.Fatal(err)
		}
		r.Outcome = &run.Outcome{Epochs: 1, Steps: 9, Seconds: 2}
		return cost(r)
	}
	if got := of(); *got.Seconds != 2 || *got.FLOPs != own || got.Pretraining != nil {
		t.Errorf("without what the pre-training leaves: %+v", got)
	}
	pretrain := run.Folder(folder.File(run.PretrainDir))
	if err := os.Mkdir(string(pretrain), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := pretrain.WriteJSON(run.OutcomeFile, run.Outcome{Epochs: 2, Steps: 18, Seconds: 3}); err != nil {
		t.Fatal(err)
	}
	got := of()
	if *got.Seconds != 5 || got.Epochs != 1 || got.Steps != 9 || *got.FLOPs != own+before {
		t.Errorf("%+v, expected %v operations in 5 s", got, own+before)
	}
	if p := got.Pretraining; p == nil || *p.FLOPs != before || *p != (PretrainingCost{2, 18, 3, p.FLOPs}) {
		t.Errorf("of the pre-training: %+v", p)
	}
	if line := (&Report{Cost: got}).costLines()[0].Value; !strings.Contains(line, "5 s, ") || !strings.Contains(line, "3 s of them of the pre-training: 2 epochs, 18 steps") {
		t.Errorf("in words: %s", line)
	}
	c.Settings.Augment = "" // one view
	if got := *of().Pretraining.FLOPs; got != before/2 {
		t.Errorf("of one view: %v operations, expected %v", got, before/2)
	}
}

// swish is a layer that does not say its FLOPs.
type swish struct{ nets.Dense }

// TestCostThatALayerDoesNotSay is left out, with the reason in its place.
func TestCostThatALayerDoesNotSay(t *testing.T) {
	net := nets.Network{Name: "own", Input: [3]int{8, 8, 1}, Layers: []nets.Layer{nets.Dense{Units: 4}, swish{nets.Dense{Units: 4}}, nets.Dense{Units: 3}}}
	m, err := nets.New(net, graph.DtypeOf[float32](), rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		t.Fatal(err)
	}
	folder := run.Folder(t.TempDir())
	pretrain := run.Folder(folder.File(run.PretrainDir))
	if err := os.Mkdir(string(pretrain), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := pretrain.WriteJSON(run.OutcomeFile, run.Outcome{Epochs: 2, Steps: 18, Seconds: 3}); err != nil {
		t.Fatal(err)
	}
	r, err := load(folder, run.Config{Data: run.Source{Train: 60, Classes: 3}, Settings: run.Settings{Batch: 7, Pretrain: "supcon", Embedding: 5}}, m)
	if err != nil {
		t.Fatal(err)
	}
	unknown := cost(r)
	text, err := json.Marshal(unknown)
	if want := `{"params":295,"epochs":0,"steps":0,"flops_unknown":"layer swish (swish) does not say its FLOPs","pretraining":{"epochs":2,"steps":18,"seconds":3}}`; err != nil || string(text) != want {
		t.Errorf("%s, expected %s: %v", text, want, err)
	}
	lines := (&Report{Cost: unknown}).costLines()
	if got, want := lines[3].Value+"; "+lines[4].Value, "not known: layer swish (swish) does not say its FLOPs; not known"; got != want {
		t.Errorf("%s, expected %s", got, want)
	}
	known, other := synthetic(), synthetic()
	known.Cost.FLOPs, other.Cost = new(1.), unknown
	if c := Committee([]*Report{known, other}).Cost; c.ForwardFLOPs != nil || c.StepFLOPs != nil || c.FLOPs != nil || c.Uncounted != unknown.Uncounted {
		t.Errorf("a committee of a known and an unknown one: %+v", c)
	}
	if c := Committee([]*Report{known, known}).Cost; *c.ForwardFLOPs != 2*813056 || *c.StepFLOPs != 2*1636352 || *c.FLOPs != 2 || *c.Seconds != 123 || c.Uncounted != "" {
		t.Errorf("a committee of two: %+v", c)
	}
}
