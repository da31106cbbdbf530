package main

import "fmt"

// study is some runs that answer one question.
type study struct {
	name    string
	asks    string
	entries []entry
}

// entry is a training that is repeated over seeds 1, 2 ...
type entry struct {
	name    string // within the study
	network string // mlp or cnn
	flags   string // of the program, but for -seed and where the run happens
	seeds   int

	committees []committee
}

// committee is the mean of the seeds' softmax, on the test images.
type committee struct {
	name  string // what follows the entry's
	flags string // of cmd/compare: what to look at of each image
}

var (
	ofImages = committee{"committee", ""}
	// The views are gentler than the distortions that the runs have learned: their mean
	// was the best on the held-out images.
	ofViews = committee{"committee-tta-16", "-tta 16 -augment affine:rotate=7.5,scale=0.075,shear=0.075,shift=1"}
)

// stronger distorts elastically as much as Simard did.
const stronger = "affine:rotate=15,scale=0.15,shear=0.15,shift=2+elastic:alpha=34,sigma=4"

// studies are all of them. What a study called tune-... compares, it compares on
// a tenth of the training images; its winner then goes into the recipe, a file in
// cmd/train/command/recipes. Results of a recipe before stay where they are, each
// with its settings.
var studies = []study{
	{"tune-mlp", "which recipe is the MLP's best", []entry{
		{"recipe", "mlp", "-recipe best", 1, nil},
		{"plain", "mlp", "-recipe best -augment none", 1, nil},
		{"stronger", "mlp", "-recipe best -augment " + stronger, 1, nil},
		{"lr-0.001", "mlp", "-recipe best -lr 0.001", 1, nil},
		{"lr-0.004", "mlp", "-recipe best -lr 0.004", 1, nil},
		{"smoothing-0.05", "mlp", "-recipe best -label-smoothing 0.05", 1, nil},
		{"epochs-150", "mlp", "-recipe best -epochs 150", 1, nil},
	}},
	// Twelve epochs tell recipes apart, by the loss, at less than half of the time;
	// how much to distort depends on the epochs.
	{"tune-cnn", "which recipe is the CNN's best", []entry{
		{"full", "cnn", "-recipe best", 1, nil},
		{"full-usual", "cnn", "-recipe best -augment affine+elastic", 1, nil},
		{"recipe", "cnn", "-recipe best -epochs 12", 1, nil},
		{"plain", "cnn", "-recipe best -epochs 12 -augment none", 1, nil},
		{"affine", "cnn", "-recipe best -epochs 12 -augment affine", 1, nil},
		{"usual", "cnn", "-recipe best -epochs 12 -augment affine+elastic", 1, nil},
		{"stronger", "cnn", "-recipe best -epochs 12 -augment " + stronger, 1, nil},
		{"lr-0.0015", "cnn", "-recipe best -epochs 12 -lr 0.0015", 1, nil},
		{"lr-0.006", "cnn", "-recipe best -epochs 12 -lr 0.006", 1, nil},
		{"batch-128", "cnn", "-recipe best -epochs 12 -batch 128", 1, nil},
		{"dropout-0.3", "cnn", "-recipe best -epochs 12 -dropout 0.3", 1, nil},
		{"decay-0.1", "cnn", "-recipe best -epochs 12 -weight-decay 0.1", 1, nil},
		{"smoothing-0", "cnn", "-recipe best -epochs 12 -label-smoothing 0", 1, nil},
	}},
	{"tune-fast", "what one epoch of the CNN can give", []entry{
		{"recipe", "cnn", "-recipe fast", 2, nil},
		{"lr-0.002", "cnn", "-recipe fast -lr 0.002", 2, nil},
		{"lr-0.003", "cnn", "-recipe fast -lr 0.003", 2, nil},
		{"batch-32", "cnn", "-recipe fast -batch 32", 2, nil},
		{"batch-128", "cnn", "-recipe fast -batch 128", 2, nil},
		{"no-average", "cnn", "-recipe fast -ema 0", 2, nil},
	}},
	{"notebook", "what the notebook's own settings give", []entry{
		{"mlp", "mlp", "-recipe notebook", 5, []committee{ofImages}},
		{"cnn", "cnn", "-recipe notebook", 5, []committee{ofImages}},
	}},
	{"best", "how accurate the two networks can be", []entry{
		{"mlp", "mlp", "-recipe best", 5, []committee{ofImages}},
		{"cnn", "cnn", "-recipe best", 5, []committee{ofImages, ofViews}},
	}},
	{"fast", "what one epoch gives the CNN", []entry{
		{"cnn", "cnn", "-recipe fast -epochs 1", 5, nil},
	}},
	{"metric", "whether pre-training with metric learning helps", metric()},
}

// metric trains on a part of the labels, from scratch and after pre-training. Runs
// that are compared have the same distortions and as many epochs in all, half of
// them for the pre-training where there is one. An epoch makes several passes over
// few images, which spares validations: the CNN is trained on 100 to 10,000 for
// 790 to 1,000 steps.
func metric() (entries []entry) {
	for _, m := range []struct {
		network                       string
		labels, repeat, epochs, seeds int
	}{
		{"mlp", 100, 100, 20, 5}, {"mlp", 1000, 20, 20, 5}, {"mlp", 10000, 2, 20, 5}, {"mlp", allImages, 1, 20, 3},
		{"cnn", 100, 100, 10, 5}, {"cnn", 1000, 10, 10, 5}, {"cnn", 10000, 1, 10, 5}, {"cnn", allImages, 1, 6, 3},
	} {
		for _, loss := range []string{"control", "supcon", "triplet", "cosface"} {
			flags := "-augment affine+elastic -schedule cosine"
			if m.labels < allImages {
				flags += fmt.Sprintf(" -labels %d -repeat %d", m.labels, m.repeat)
			}
			if loss == "control" {
				flags += fmt.Sprintf(" -epochs %d", m.epochs)
			} else {
				flags += fmt.Sprintf(" -epochs %d -pretrain %s -pretrain-epochs %d", m.epochs/2, loss, m.epochs/2)
			}
			entries = append(entries, entry{fmt.Sprintf("%s-%d-%s", m.network, m.labels, loss), m.network, flags, m.seeds, nil})
		}
	}
	return entries
}
