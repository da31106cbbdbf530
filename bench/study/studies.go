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

	committee bool // also the mean of the seeds' softmax, on the test images
}

// studies are all of them. What a study called tune-... compares, it compares on
// a tenth of the training images; its winner then goes into nets/train's recipes.
var studies = []study{
	{"tune-mlp", "which recipe is the MLP's best", []entry{
		{"recipe", "mlp", "-recipe best", 1, false},
		{"plain", "mlp", "-recipe best -augment none", 1, false},
		{"lr-0.0005", "mlp", "-recipe best -lr 0.0005", 1, false},
		{"lr-0.002", "mlp", "-recipe best -lr 0.002", 1, false},
		{"dropout-0.2", "mlp", "-recipe best -dropout 0.2", 1, false},
		{"smoothing-0.1", "mlp", "-recipe best -label-smoothing 0.1", 1, false},
		{"epochs-30", "mlp", "-recipe best -epochs 30", 1, false},
		{"epochs-120", "mlp", "-recipe best -epochs 120", 1, false},
	}},
	{"tune-cnn", "which recipe is the CNN's best", []entry{
		{"recipe", "cnn", "-recipe best", 1, false},
		{"plain", "cnn", "-recipe best -augment none", 1, false},
		{"lr-0.0005", "cnn", "-recipe best -lr 0.0005", 1, false},
		{"lr-0.002", "cnn", "-recipe best -lr 0.002", 1, false},
		{"dropout-0.5", "cnn", "-recipe best -dropout 0.5", 1, false},
		{"smoothing-0.1", "cnn", "-recipe best -label-smoothing 0.1", 1, false},
		{"epochs-15", "cnn", "-recipe best -epochs 15", 1, false},
	}},
	{"tune-fast", "what one epoch of the CNN can give", []entry{
		{"recipe", "cnn", "-recipe fast", 2, false},
		{"lr-0.002", "cnn", "-recipe fast -lr 0.002", 2, false},
		{"lr-0.003", "cnn", "-recipe fast -lr 0.003", 2, false},
		{"batch-64", "cnn", "-recipe fast -batch 64", 2, false},
		{"batch-32", "cnn", "-recipe fast -batch 32", 2, false},
		{"no-average", "cnn", "-recipe fast -ema 0", 2, false},
	}},
	{"notebook", "what the notebook's own settings give", []entry{
		{"mlp", "mlp", "-recipe notebook", 5, true},
		{"cnn", "cnn", "-recipe notebook", 5, true},
	}},
	{"best", "how accurate the two networks can be", []entry{
		{"mlp", "mlp", "-recipe best", 5, true},
		{"cnn", "cnn", "-recipe best", 5, true},
	}},
	{"fast", "what one epoch gives the CNN", []entry{
		{"cnn", "cnn", "-recipe fast -epochs 1", 5, false},
	}},
	{"metric", "whether pre-training with metric learning helps", metric()},
}

// metric trains on a part of the labels, from scratch and after pre-training.
// All runs of a network and a part have the same augmentation and the same epochs
// in all: with pre-training, two fifths of them are spent there. Fewer images
// make shorter epochs, hence more of them.
func metric() (entries []entry) {
	sizes := []struct{ labels, epochs, seeds int }{{100, 500, 5}, {1000, 100, 5}, {10000, 30, 5}, {60000, 10, 3}}
	for _, network := range []string{"mlp", "cnn"} {
		for _, s := range sizes {
			for _, loss := range []string{"control", "supcon", "triplet", "cosface"} {
				before := 0
				if loss != "control" {
					before = 2 * s.epochs / 5
				}
				flags := fmt.Sprintf("-augment affine -schedule cosine -epochs %d", s.epochs-before)
				if s.labels < 60000 {
					flags += fmt.Sprintf(" -labels %d", s.labels)
				}
				if before > 0 {
					flags += fmt.Sprintf(" -pretrain %s -pretrain-epochs %d", loss, before)
				}
				entries = append(entries, entry{fmt.Sprintf("%s-%d-%s", network, s.labels, loss), network, flags, s.seeds, false})
			}
		}
	}
	return entries
}
