package live

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"stheno/cmd/serve/internal/page"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
)

const (
	firstSnapshot = 50                     // steps: early enough to see a network guess
	often         = 100 * time.Millisecond // between two points that are told
	smoothing     = 0.9                    // of the losses of batches
	maxPoints     = 300                    // of a network that are kept
)

// watcher looks on at one training.
type watcher struct {
	train.Hooks
	trainer *Trainer
	ctx     context.Context
	model   *nets.Model
	config  run.Config
	folder  run.Folder

	loss, accuracy, weight float64 // smoothed
	told                   time.Time
	rows                   []train.Row
}

// Close has nothing to do: a display's lines are closed by it.
func (w *watcher) Close() error { return nil }

// TrainBegin says that it begins, or goes on: then there are epochs already, and
// weights to see.
func (w *watcher) TrainBegin(s *train.Stats) error {
	w.say(s)
	if s.Step == 0 {
		return nil
	}
	rows, err := w.folder.ReadHistory()
	if err != nil {
		return nil // a picture more or less
	}
	t := w.trainer
	t.mu.Lock()
	for _, row := range rows {
		if row.Epoch*s.Batches <= s.Step {
			w.rows = append(w.rows, row)
			t.past.Rows = append(t.past.Rows, page.Epoch{Model: w.model.Name, Row: row})
		}
	}
	t.mu.Unlock()
	var accuracy *float64
	if n := len(w.rows); n > 0 {
		accuracy = w.rows[n-1].ValAccuracy
	}
	return w.snapshot(accuracy)
}

// say tells where training stands; a pause that is wanted stays one.
func (w *watcher) say(s *train.Stats) {
	t := w.trainer
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state.Model = w.model.Name
	t.state.Text = fmt.Sprintf("%s learns: epoch %d of %d, step %d of %d", strings.ToUpper(w.model.Name), max(1, s.Epoch), s.Epochs, s.Batch, s.Batches)
	t.hub.tell(page.Event{Kind: page.StateEvent, Data: t.state})
}

// BatchEnd tells a point now and then, and waits while training is paused.
func (w *watcher) BatchEnd(s *train.Stats) error {
	w.smooth(s)
	if s.Step == firstSnapshot {
		if err := w.snapshot(nil); err != nil {
			return err
		}
	}
	if now := time.Now(); now.Sub(w.told) >= often || s.Batch == s.Batches {
		w.told = now
		w.point(s)
		w.say(s)
	}
	w.trainer.hold(w.ctx)
	return nil
}

// TestBatchEnd waits while training is paused.
func (w *watcher) TestBatchEnd(*train.Stats) error {
	w.trainer.hold(w.ctx)
	return nil
}

// smooth takes a batch into the means of the last few.
func (w *watcher) smooth(s *train.Stats) {
	w.loss = smoothing*w.loss + (1-smoothing)*s.BatchLoss
	w.accuracy = smoothing*w.accuracy + (1-smoothing)*s.BatchAccuracy
	w.weight = smoothing*w.weight + 1 - smoothing
}

func (w *watcher) point(s *train.Stats) {
	p := page.Point{Model: w.model.Name, At: float64(s.Epoch-1) + float64(s.Batch)/float64(s.Batches), Loss: w.loss / w.weight, Accuracy: w.accuracy / w.weight}
	t := w.trainer
	t.mu.Lock()
	defer t.mu.Unlock()
	t.past.Points = thin(append(t.past.Points, p), p.Model)
	t.hub.tell(page.Event{Kind: page.StepEvent, Data: p})
}

// thin leaves out every second of a network's points when there are too many.
func thin(points []page.Point, model string) []page.Point {
	count := 0
	for _, p := range points {
		if p.Model == model {
			count++
		}
	}
	if count <= maxPoints {
		return points
	}
	i := 0
	return slices.DeleteFunc(points, func(p page.Point) bool {
		if p.Model == model {
			i++
		}
		return p.Model == model && i%2 == 0
	})
}

// EpochEnd tells the epoch's row, and has the new weights predict.
func (w *watcher) EpochEnd(s *train.Stats) error {
	row := train.Row{Epoch: s.Epoch, Accuracy: s.Accuracy, Loss: s.Loss, LearningRate: s.LearningRate, Seconds: s.Seconds}
	if s.Validated {
		accuracy, loss := s.ValAccuracy, s.ValLoss
		row.ValAccuracy, row.ValLoss = &accuracy, &loss
	}
	w.rows = append(w.rows, row)
	t, epoch := w.trainer, page.Epoch{Model: w.model.Name, Row: row}
	t.mu.Lock()
	t.past.Rows = append(t.past.Rows, epoch)
	t.hub.tell(page.Event{Kind: page.EpochEvent, Data: epoch})
	t.mu.Unlock()
	return w.snapshot(row.ValAccuracy)
}

// snapshot copies the weights, between two steps, for whoever predicts.
func (w *watcher) snapshot(accuracy *float64) error {
	m, err := nets.New(w.model.Network, w.model.Dtype(), rand.New(rand.NewPCG(0, 0)))
	if err != nil {
		return err
	}
	m.Ops = w.model.Ops
	for i, weight := range w.model.Weights {
		copy(m.Weights[i].Value.Float32s(), weight.Value.Float32s())
	}
	w.trainer.publish(page.Model{
		Name: m.Name, Predictor: nets.NewPredictor(m), Config: w.config, History: slices.Clone(w.rows), TestAccuracy: accuracy,
	})
	return nil
}
