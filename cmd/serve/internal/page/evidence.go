package page

import (
	"context"
	"net/http"
	"slices"

	"stheno/data"
	"stheno/nets"
)

// What covers a part of an image.
const (
	patchSide = 4
	patchStep = 2
)

type evidenceJSON struct {
	Patch   int      `json:"patch"`   // side in pixels
	Largest float32  `json:"largest"` // the logit that 127 stands for
	Classes [][]byte `json:"classes"` // a signed byte for each pixel (H,W)
}

// evidence covers each part of the image with its background and tells, for each
// class, what its logit loses by that. A pixel has the mean over the patches
// that cover it.
func (p *Page) evidence(w http.ResponseWriter, r *http.Request) (any, error) {
	m, pixels, err := p.asked(w, r)
	if err != nil {
		return nil, err
	}
	image, shape := data.Scaled[float32](pixels), m.input()
	patches := cover(image, shape)
	images := slices.Clone(image)
	for _, q := range patches {
		images = append(images, q.covered(image, shape)...)
	}
	scores, err := p.inTurns(r.Context(), m, images)
	if err != nil {
		return nil, err
	}
	answer := evidenceJSON{Patch: patchSide}
	losses := make([][]float32, scores.Classes)
	for class := range losses {
		losses[class] = loss(scores, class, patches, shape)
		for _, v := range losses[class] {
			answer.Largest = max(answer.Largest, v, -v)
		}
	}
	for _, values := range losses {
		bytes := make([]byte, len(values))
		for i, v := range values {
			bytes[i] = byte(int8(signedByte(v, answer.Largest)))
		}
		answer.Classes = append(answer.Classes, bytes)
	}
	return answer, nil
}

// few is how many images of evidence are predicted in a turn, before others may and
// before somebody looks whether it is still wanted.
const few = 8

// inTurns predicts images that nobody waits for.
func (p *Page) inTurns(ctx context.Context, m Model, images []float32) (all nets.Scores, err error) {
	for from := 0; from < len(images); from += few * m.size() {
		scores, err := p.aFew(ctx, m, images[from:min(len(images), from+few*m.size())])
		if err != nil {
			return all, err
		}
		all.Classes = scores.Classes
		all.Logits = append(all.Logits, scores.Logits...)
		all.Probabilities = append(all.Probabilities, scores.Probabilities...)
	}
	return all, nil
}

// aFew predicts images in a turn of the budget.
func (p *Page) aFew(ctx context.Context, m Model, images []float32) (nets.Scores, error) {
	if ctx.Err() != nil {
		return nets.Scores{}, errGone
	}
	leave, err := p.budget.turn(ctx)
	if err != nil {
		return nets.Scores{}, err
	}
	defer leave()
	return m.Predictor.Predict(images)
}

// patch is a square by its upper left corner.
type patch struct{ y, x int }

// cover lists the patches that cover an image and have any ink: to cover what is
// background already takes nothing from anybody.
func cover(image []float32, shape [3]int) (list []patch) {
	for y := 0; y < shape[0]; y += patchStep {
		for x := 0; x < shape[1]; x += patchStep {
			q := patch{y, x}
			ink := false
			q.each(shape, func(pixel int) {
				ink = ink || slices.ContainsFunc(image[pixel*shape[2]:(pixel+1)*shape[2]], func(v float32) bool { return v > 0 })
			})
			if ink {
				list = append(list, q)
			}
		}
	}
	return list
}

// each visits the patch's pixels.
func (q patch) each(shape [3]int, visit func(pixel int)) {
	for y := q.y; y < min(q.y+patchSide, shape[0]); y++ {
		for x := q.x; x < min(q.x+patchSide, shape[1]); x++ {
			visit(y*shape[1] + x)
		}
	}
}

// covered is the image without what is under the patch.
func (q patch) covered(image []float32, shape [3]int) []float32 {
	image = slices.Clone(image)
	q.each(shape, func(pixel int) { clear(image[pixel*shape[2] : (pixel+1)*shape[2]]) })
	return image
}

// loss is what a class's logit loses, for each pixel. The first image of scores
// is the whole one, the others have a patch each.
func loss(scores nets.Scores, class int, patches []patch, shape [3]int) []float32 {
	sum, count := make([]float32, shape[0]*shape[1]), make([]float32, shape[0]*shape[1])
	for i, q := range patches {
		lost := scores.Logits[class] - scores.Logits[(i+1)*scores.Classes+class]
		q.each(shape, func(pixel int) {
			sum[pixel] += lost
			count[pixel]++
		})
	}
	for i, n := range count {
		if n > 0 {
			sum[i] /= n
		}
	}
	return sum
}
