package report

import (
	"cmp"
	"math"
)

// Committee is the report of several runs taken for one model: what it says of an
// image is the mean of their softmax. The runs are those of the same data and
// classes, in any number above none, and may be of different networks. What it
// costs is the sum of what they cost; it has no settings and no worst images.
func Committee(members []*Report) *Report {
	first := members[0]
	r := &Report{
		Run: "committee", Network: "committee of " + Number(len(members), "run"), TestImages: first.TestImages, Worst: []Image{},
		predictions: average(members), names: first.names,
	}
	r.count(len(first.Classes))
	r.Cost.Seconds, r.Cost.ForwardFLOPs, r.Cost.StepFLOPs, r.Cost.FLOPs = new(float64), new(float64), new(float64), new(float64)
	for _, m := range members {
		r.Cost.Params += m.Cost.Params
		r.Cost.ForwardFLOPs = sum(r.Cost.ForwardFLOPs, m.Cost.ForwardFLOPs)
		r.Cost.StepFLOPs = sum(r.Cost.StepFLOPs, m.Cost.StepFLOPs)
		r.Cost.Epochs += m.Cost.Epochs
		r.Cost.Steps += m.Cost.Steps
		r.Cost.FLOPs = sum(r.Cost.FLOPs, m.Cost.FLOPs)
		r.Cost.Seconds = sum(r.Cost.Seconds, m.Cost.Seconds)
		r.Cost.Uncounted = cmp.Or(r.Cost.Uncounted, m.Cost.Uncounted)
	}
	return r
}

// average is the mean of the members' probabilities. Of classes that are equally
// probable the first is predicted.
func average(members []*Report) *predictions {
	n := float64(len(members))
	first := members[0].predictions
	p := &predictions{images: make([]prediction, len(first.images)), probs: make([]float64, len(first.probs))}
	for _, m := range members {
		for i, v := range m.predictions.probs {
			p.probs[i] += v / n
		}
	}
	for i := range p.images {
		probs, best := p.of(i), 0
		for label, v := range probs {
			if v > probs[best] {
				best = label
			}
		}
		p.images[i] = prediction{first.images[i].label, best, meanLoss(members, i)}
	}
	return p
}

// meanLoss is -log of the mean of the true class's probabilities, from the members'
// losses: a probability may be too small for a float64, its logarithm is not.
func meanLoss(members []*Report, i int) float64 {
	least := math.Inf(1)
	for _, m := range members {
		least = min(least, m.predictions.images[i].loss)
	}
	sum := 0.0
	for _, m := range members {
		sum += math.Exp(least - m.predictions.images[i].loss)
	}
	return least - math.Log(sum/float64(len(members)))
}

// ConfusionFigure is the confusion matrix in a page.
func (r *Report) ConfusionFigure() Figure {
	return Figure{r.confusionDrawing().inline(r.confusionLabel())}
}

// ConfusionTable is the confusion matrix as text.
func (r *Report) ConfusionTable() string { return r.confusionTable() }
