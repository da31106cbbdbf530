package report

import (
	"context"
	"fmt"
	"math"

	"stheno/data"
	"stheno/graph"
	"stheno/nets"
	"stheno/nets/train"
)

// batch is how many images are tested at once: as in training, so that a model
// that has just been validated has no other memory to take for it.
const batch = 128

// predictions are what a model makes of the test images.
type predictions struct {
	images []prediction
	probs  []float64 // N·classes
}

// prediction is what it makes of one of them.
type prediction struct {
	label, predicted int
	loss             float64 // -log of the true class's probability, in nats
}

// of is image i's probability of each class.
func (p *predictions) of(i int) []float64 {
	classes := len(p.probs) / len(p.images)
	return p.probs[i*classes : (i+1)*classes]
}

// predict runs a float32 model over an exam's images, in their order.
func predict(ctx context.Context, m *nets.Model, e Exam) (*predictions, error) {
	if m.Dtype().Size() != 4 {
		return nil, fmt.Errorf("report: the %s has element type %v, a report is of float32", m.Name, m.Dtype())
	}
	p, predictor := &predictions{}, nets.NewPredictor(m)
	labels := make([]int, batch)
	for b := range e.Images.Batches(batch, nil) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if e.Views > 1 {
			mean, err := train.PredictViews(predictor, b, e.Distort, e.Views)
			if err != nil {
				return nil, err
			}
			for i, row := range b.Rows {
				addMean(p, mean[i*m.Classes:(i+1)*m.Classes], int(e.Images.Labels[row]))
			}
			continue
		}
		program, err := m.Program(nets.Prediction, len(b.Rows))
		if err != nil {
			return nil, err
		}
		data.Decode(b, graph.Slice[float32](program.Images()), labels[:len(b.Rows)])
		if err := program.Run(); err != nil {
			return nil, err
		}
		logits := graph.Slice[float32](program.Logits())
		for i, label := range labels[:len(b.Rows)] {
			add(p, logits[i*m.Classes:(i+1)*m.Classes], label)
		}
	}
	return p, nil
}

// add adds an image. Its probabilities are computed here, from the logits: the
// program's are rounded to zero where a loss is worth looking at.
func add(p *predictions, logits []float32, label int) {
	best := 0
	for i, z := range logits {
		if z > logits[best] {
			best = i
		}
	}
	sum, highest := 0.0, float64(logits[best])
	for _, z := range logits {
		sum += math.Exp(float64(z) - highest)
	}
	for _, z := range logits {
		p.probs = append(p.probs, math.Exp(float64(z)-highest)/sum)
	}
	p.images = append(p.images, prediction{label, best, math.Log(sum) - (float64(logits[label]) - highest)})
}

// addMean adds an image of which there are means of probabilities. A true class
// that no view finds possible has float32's least probability.
func addMean(p *predictions, mean []float64, label int) {
	best := 0
	for i, v := range mean {
		if v > mean[best] {
			best = i
		}
	}
	p.probs = append(p.probs, mean...)
	p.images = append(p.images, prediction{label, best, -math.Log(max(mean[label], math.SmallestNonzeroFloat32))})
}
