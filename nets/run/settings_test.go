package run

import (
	"encoding/json"
	"testing"

	"stheno/nets/train"
)

// TestSettingsThatAreOffAreNotWritten: a checkpoint is read only if it would be
// written again byte for byte, so one from before these settings must still be.
func TestSettingsThatAreOffAreNotWritten(t *testing.T) {
	const before = `{"data":"","epochs":0,"batch":0,"learning_rate":0,"seed":0,"shuffle":false,"steps":0,"checkpoint_every":0,"init":"","threads":0,"conv":"","patience":0,"schedule":"","tensorboard":false,"validation_split":0}`
	if got, err := json.Marshal(Settings{}); err != nil || string(got) != before {
		t.Errorf("settings are %s, %v", got, err)
	}
	const optimizer = `{"learning_rate":0.5,"beta_1":0.9,"beta_2":0.999,"epsilon":1e-7}`
	if got, err := json.Marshal(train.NewAdam(0.5)); err != nil || string(got) != optimizer {
		t.Errorf("the optimizer is %s, %v", got, err)
	}
}

func TestBeyond(t *testing.T) {
	if got := (Settings{Recipe: "notebook", Optimizer: "adam", Schedule: "constant"}).Beyond(); got != "" {
		t.Errorf("the notebook has %q", got)
	}
	s := Settings{Recipe: "best", Optimizer: "adamw", WeightDecay: 0.01, Schedule: "cosine", L2: 1e-4, LabelSmoothing: 0.1, Dropout: 0.3, SWA: 3, RateScale: "sqrt", LearningRate: 0.001, Batch: 512}
	const want = "recipe best; adamw with weight decay 0.01; schedule cosine; learning rate 0.002 (sqrt scale: 0.001 at batch 128); L2 0.0001; label smoothing 0.1; dropout 0.3; validated and kept is the mean of the weights at the end of each of the last 3 epochs"
	if got := s.Beyond(); got != want {
		t.Errorf("got %q", got)
	}
}

func TestBeyondTellsTheOptimizer(t *testing.T) {
	for want, s := range map[string]Settings{
		"sgd":                              {Optimizer: "sgd"},
		"sgd with Nesterov's momentum 0.9": {Optimizer: "sgd", Momentum: 0.9, Nesterov: true},
		"sgd with weight decay 0.1":        {Optimizer: "sgd", WeightDecay: 0.1},
		"adamw with weight decay 0":        {Optimizer: "adamw"},
		"rmsprop with momentum 0.5 and weight decay 0.1": {Optimizer: "rmsprop", Momentum: 0.5, WeightDecay: 0.1},
	} {
		if got := s.Beyond(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestBeyondTellsWhatIsTrainedOn(t *testing.T) {
	if got := (Settings{Repeat: 1}).Beyond(); got != "" {
		t.Errorf("the notebook has %q", got)
	}
	s := Settings{Init: "a.safetensors", Labels: 100, Repeat: 20, Augment: "affine:rotate=10", Pretrain: "supcon:0.1", PretrainEpochs: 5, Embedding: 64, EMA: 0.9}
	const want = "validated and kept is the moving average of the weights, decay 0.9; initial weights of a.safetensors; 100 labelled images; 20 passes over the images an epoch; images distorted by affine:rotate=10; pre-training supcon:0.1, epochs 5, embedding 64"
	if got := s.Beyond(); got != want {
		t.Errorf("got %q", got)
	}
}

func TestRateFollowsTheBatch(t *testing.T) {
	for scale, want := range map[string]float64{"": 0.001, "none": 0.001, "linear": 0.004, "sqrt": 0.002} {
		if got := (Settings{RateScale: scale, LearningRate: 0.001, Batch: 512}).Rate(); got != want {
			t.Errorf("%q at batch 512: %v, want %v", scale, got, want)
		}
	}
}
