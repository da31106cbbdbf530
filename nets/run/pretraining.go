package run

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"stheno/nets"
)

// PretrainForms are the forms of ParsePretraining, in short.
const PretrainForms = "supcon[:TEMPERATURE], triplet[:MARGIN] or cosface[:SCALE/MARGIN]"

// Phases of a run that has more than one, as Stats and Config name them.
const (
	PretrainPhase = "pre-training"
	FinetunePhase = "fine-tuning"
)

// ParsePretraining reads a loss of metric learning, and what may be said of it:
//
//	supcon:0.1       supervised contrast, of temperature 0.1
//	triplet:0.2      batch-hard triplets, of margin 0.2
//	cosface:16/0.35  a margin softmax, of scale 16 and margin 0.35
//
// These are the defaults. Temperature, margin of triplets and scale are above 0.
func ParsePretraining(text string) (nets.Loss, error) {
	name, given, some := strings.Cut(text, ":")
	values := map[string][]float64{"supcon": {0.1}, "triplet": {0.2}, "cosface": {16, 0.35}}[name]
	if values == nil {
		return nil, fmt.Errorf("%q is none of %s", text, PretrainForms)
	}
	if some {
		parts := strings.Split(given, "/")
		if len(parts) != len(values) {
			return nil, fmt.Errorf("%q is none of %s", text, PretrainForms)
		}
		for i, part := range parts {
			v, err := strconv.ParseFloat(part, 64)
			if err != nil || !(v > 0) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("%q: %q is no number above 0", text, part)
			}
			values[i] = v
		}
	}
	switch name {
	case "supcon":
		return nets.SupCon{Tau: values[0]}, nil
	case "triplet":
		return nets.Triplet{Margin: values[0]}, nil
	}
	return nets.CosFace{Scale: values[0], Margin: values[1]}, nil
}

// Pretraining are the settings of a run's pre-training, which lasts for its own
// number of epochs, and validates and averages nothing.
func (s Settings) Pretraining() Settings {
	s.Epochs, s.Steps, s.Patience = s.PretrainEpochs, 0, 0
	s.EMA, s.SWA, s.LabelSmoothing = 0, 0, 0
	return s
}

// Views is how many views of an image a batch has that is trained for this loss:
// two to contrast, if they differ.
func (s Settings) Views(loss nets.Loss) int {
	if _, contrast := loss.(nets.SupCon); contrast && s.Augment != "" {
		return 2
	}
	return 1
}

// PretrainNetwork is what a run's pre-training trains: net with an embedding in
// place of its head, and for CosFace the directions of the classes behind it.
func (s Settings) PretrainNetwork(net nets.Network, loss nets.Loss, classes int) nets.Network {
	embedding := nets.Embedding(net, s.Embedding)
	if _, ok := loss.(nets.CosFace); ok {
		embedding.Layers = append(embedding.Layers, nets.Cosines{Units: classes})
	}
	return embedding
}
