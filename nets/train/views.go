package train

import (
	"errors"
	"fmt"

	"stheno/data"
	"stheno/data/augment"
	"stheno/nets"
)

// PredictViews is test-time augmentation: it returns, for each row of a batch,
// the mean of the class probabilities over so many views of its image, in float64
// and in the order of the views (N,classes). View 0 is the image as it is, the
// others are distorted by spec. Every image, whichever row it is and whatever
// stands beside it, is distorted in the same ways, so that what is said of it
// depends on it alone. Of one view the mean is what the network says.
//
// A committee is the mean of what its members' PredictViews return. Images of
// another size than the network's are refused, and less than one view.
func PredictViews(p *nets.Predictor, batch data.Batch, spec augment.Spec, views int) ([]float64, error) {
	if err := checkViews(p, batch, spec, views); err != nil {
		return nil, err
	}
	shape := p.Network().Input
	images := make([]float32, len(batch.Rows)*shape[0]*shape[1]*shape[2])
	mean := make([]float64, len(batch.Rows)*p.Classes())
	a := augment.New(spec, shape)
	for view := range views {
		if view == 0 {
			data.Decode(batch, images, nil)
		} else {
			distortRows(a, batch, images, nil, func(int) augment.Key { return augment.Key{View: view} })
		}
		scores, err := p.Predict(images)
		if err != nil {
			return nil, err
		}
		for i, v := range scores.Probabilities {
			mean[i] += float64(v)
		}
	}
	for i := range mean {
		mean[i] /= float64(views)
	}
	return mean, nil
}

// checkViews says what keeps the network from seeing these views.
func checkViews(p *nets.Predictor, batch data.Batch, spec augment.Spec, views int) error {
	if p == nil || p.Classes() == 0 {
		return errors.New("train: there is no predictor: nets.NewPredictor makes one of a model")
	}
	if err := batch.Check(); err != nil {
		return fmt.Errorf("train: the images: %w", err)
	}
	if err := checkSize(p.Network(), batch.Shape(), "the images"); err != nil {
		return err
	}
	if views < 1 {
		return fmt.Errorf("train: %d views of an image: there must be at least 1", views)
	}
	return spec.Check()
}
