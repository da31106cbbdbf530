package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"stheno/nets"
)

// mostFilters is how many of a layer's filters are shown.
const mostFilters = 64

// filters are a layer's weights as pictures: of each unit what it looks for.
type filters struct {
	Layer string
	Units int // of the layer, before a selection
	Side  string
	Tiles []tile
}

// tile is one unit's weights.
type tile struct {
	Unit    int
	Norm    float64
	weights []float64 // (H,W)
	picture picture
}

// firstFilters shows the first layer that has weights: a convolution's kernels,
// or a dense layer's weights in the image's shape. Of channels there is the sum.
// Of many the largest are shown, by Euclidean norm, in the units' order.
func firstFilters(m *nets.Model) filters {
	w := m.Weights[0]
	shape := w.Value.Shape()
	units := shape[len(shape)-1]
	height, width := m.Input[0], m.Input[1]
	if len(shape) == 4 { // (K,K,C,F)
		height, width = shape[0], shape[1]
	}
	f := filters{Layer: w.Name, Units: units, Side: fmt.Sprintf("%d x %d", height, width)}
	values := w.Value.Float32s()
	channels := len(values) / units / (height * width)
	for u := range units {
		plane := make([]float64, height*width)
		norm := 0.0
		for i := range plane {
			for c := range channels {
				v := float64(values[(i*channels+c)*units+u])
				plane[i] += v
				norm += v * v
			}
		}
		f.Tiles = append(f.Tiles, tile{Unit: u, Norm: math.Sqrt(norm), weights: plane})
	}
	slices.SortStableFunc(f.Tiles, func(a, b tile) int { return cmp.Compare(b.Norm, a.Norm) })
	f.Tiles = f.Tiles[:min(mostFilters, len(f.Tiles))]
	slices.SortFunc(f.Tiles, func(a, b tile) int { return cmp.Compare(a.Unit, b.Unit) })
	for i, t := range f.Tiles {
		f.Tiles[i].picture = weightPicture(t.weights, width)
	}
	return f
}
