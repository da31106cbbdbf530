package report

import (
	"cmp"
	"slices"

	"stheno/data"
	"stheno/nets/train/progress"
)

// The worst images: how many of them, and how many guesses at each.
const (
	worstImages = 20
	guesses     = 3
)

// Image is a test image and what the model makes of it.
type Image struct {
	Index       int            `json:"index"` // in the test set, from 0
	Label       int            `json:"label"`
	Name        string         `json:"name"`
	Loss        progress.Float `json:"loss"`        // in nats
	Probability progress.Float `json:"probability"` // of the true class
	Guesses     []Guess        `json:"guesses"`     // the most probable classes, most probable first

	picture picture
}

// Guess is a class with its probability.
type Guess struct {
	Label       int            `json:"label"`
	Name        string         `json:"name"`
	Probability progress.Float `json:"probability"`
}

// worst are the images whose true class is the least probable.
func worst(p *predictions, rows *data.Set, name func(int) string) []Image {
	order := make([]int, len(p.images))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.images[b].loss, p.images[a].loss) })
	images := []Image{} // [] in JSON, not null
	for _, i := range order[:min(worstImages, len(order))] {
		pixels, label := rows.Pick(i).Row(0)
		images = append(images, Image{
			Index: i, Label: label, Name: name(label),
			Loss: progress.Float(p.images[i].loss), Probability: progress.Float(p.of(i)[label]),
			Guesses: top(p.of(i), name), picture: pixelPicture(pixels, rows.Shape()),
		})
	}
	return images
}

// top are the most probable classes.
func top(probs []float64, name func(int) string) []Guess {
	var all []Guess
	for label, v := range probs {
		all = append(all, Guess{label, name(label), progress.Float(v)})
	}
	slices.SortStableFunc(all, func(a, b Guess) int { return cmp.Compare(b.Probability, a.Probability) })
	return all[:min(guesses, len(all))]
}
