package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

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

// firstFilters shows the kernel nearest to the images: a convolution's, or a dense
// layer's weights in the image's shape. Of channels there is the sum, of a depthwise
// convolution, which does not add them up, each. Of many the largest are shown, by
// Euclidean norm, in the units' order. A network may have none: its first dense layer
// sees what pools have left.
func firstFilters(m *nets.Model) (f filters) {
	i := slices.IndexFunc(m.Weights, func(w nets.Weight) bool { return strings.HasSuffix(w.Name, "kernel") })
	if i < 0 {
		return f
	}
	w := m.Weights[i]
	shape := w.Value.Shape()
	units := shape[len(shape)-1]
	height, width := m.Input[0], m.Input[1]
	switch {
	case len(shape) == 4: // (K,K,C,F)
		height, width = shape[0], shape[1]
		if strings.HasSuffix(w.Name, ".depthwise_kernel") { // (K,K,C,D)
			units *= shape[2]
		}
	case len(shape) != 2 || shape[0] != height*width*m.Input[2]:
		return f
	}
	f = filters{Layer: w.Name, Units: units, Side: fmt.Sprintf("%d x %d", height, width)}
	f.Tiles = tiles(w.Value.Float32s(), height*width, units)
	for i, t := range f.Tiles {
		f.Tiles[i].picture = weightPicture(t.weights, width)
	}
	return f
}

// tiles are the largest of units of weights (area,C,units).
func tiles(values []float32, area, units int) (list []tile) {
	channels := len(values) / units / area
	for u := range units {
		plane := make([]float64, area)
		norm := 0.0
		for i := range plane {
			for c := range channels {
				v := float64(values[(i*channels+c)*units+u])
				plane[i] += v
				norm += v * v
			}
		}
		list = append(list, tile{Unit: u, Norm: math.Sqrt(norm), weights: plane})
	}
	slices.SortStableFunc(list, func(a, b tile) int { return cmp.Compare(b.Norm, a.Norm) })
	list = list[:min(mostFilters, len(list))]
	slices.SortFunc(list, func(a, b tile) int { return cmp.Compare(a.Unit, b.Unit) })
	return list
}
