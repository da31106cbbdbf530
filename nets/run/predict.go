package run

import (
	"errors"
	"image"
	"slices"

	"stheno/data"
	"stheno/nets"
)

// Predict asks the network about a picture, which it prepares as the run's training
// images were: see Config.Row. The scores are those of one image; their Top(0, k)
// names the likeliest classes, and Config.Data.Class says what these are called.
//
// A blank picture, one in which the run's preparation looks for ink and finds none,
// is not shown to the network: ink is false, and every class is as likely, with
// logits of 0. A run that only scales pictures knows no blank ones, and asks.
//
// Any number of goroutines may call it at a time; each answer is the one that the
// picture gets alone.
func (l Loaded) Predict(picture image.Image) (scores nets.Scores, ink bool, err error) {
	if l.predictor == nil {
		return nets.Scores{}, false, errors.New("run: there is no network to ask: Folder.Load loads one")
	}
	pixels, ink, err := l.Config.Row(picture)
	if err != nil {
		return nets.Scores{}, false, err
	}
	if !ink {
		return undecided(l.Model.Classes), false, nil
	}
	scores, err = l.predictor.Predict(data.Scaled[float32](pixels))
	return scores, true, err
}

// undecided are the scores of an image that says nothing.
func undecided(classes int) nets.Scores {
	return nets.Scores{
		Classes:       classes,
		Logits:        make([]float32, classes),
		Probabilities: slices.Repeat([]float32{1 / float32(classes)}, classes),
	}
}
