package train

import (
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
// A committee is the mean of what its members' PredictViews return.
func PredictViews(p *nets.Predictor, batch data.Batch, spec augment.Spec, views int) ([]float64, error) {
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
