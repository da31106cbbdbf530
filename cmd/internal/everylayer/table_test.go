package everylayer

import (
	"encoding/json"
	"slices"
	"testing"

	"stheno/nets"
)

// table has layers of each class, one of them at least with its settings at zero where
// that is allowed, and others with those that change what it computes.
var table = map[string][]nets.Layer{
	"Activation":             activations(),
	"Add":                    {nets.Add{}},
	"Average":                {nets.Average{}},
	"AveragePooling2D":       {nets.AveragePooling2D{}, nets.AveragePooling2D{Side: 3, Strides: [2]int{1, 2}, Padding: nets.Same}},
	"BatchNormalization":     {nets.BatchNormalization{}, nets.BatchNormalization{Momentum: 0.9, Epsilon: 1e-5, NoScale: true}, nets.BatchNormalization{NoCenter: true}},
	"Concatenate":            {nets.Concatenate{}},
	"Conv2D":                 {nets.Conv2D{Filters: 3, Side: 2}, nets.Conv2D{Filters: 4, Size: [2]int{3, 2}, Strides: [2]int{2, 1}, Padding: nets.Same, Groups: 2, NoBias: true, Activation: nets.ReLU}, nets.Conv2D{Filters: 2, Side: 3, Dilation: [2]int{1, 2}, Activation: nets.Sigmoid}},
	"Cosines":                {nets.Cosines{Units: 5}},
	"Cropping2D":             {nets.Cropping2D{Cropping: nets.Sides{{1, 0}, {2, 1}}}, nets.Cropping2D{}},
	"Dense":                  {nets.Dense{Units: 5}, nets.Dense{Units: 5, Activation: nets.ReLU}},
	"DepthwiseConv2D":        {nets.DepthwiseConv2D{Side: 3}, nets.DepthwiseConv2D{Size: [2]int{3, 2}, Strides: [2]int{2, 2}, Padding: nets.Same, DepthMultiplier: 2, NoBias: true, Activation: nets.Tanh}, nets.DepthwiseConv2D{Side: 2, Dilation: [2]int{2, 1}, Padding: nets.Same}},
	"Dropout":                {nets.Dropout{}, nets.Dropout{Rate: 0.4}},
	"ELU":                    {nets.ELULayer{}, nets.ELULayer{Alpha: 0.7}},
	"Flatten":                {nets.Flatten{}},
	"GaussianNoise":          {nets.GaussianNoise{Stddev: 0.3}, nets.GaussianNoise{}},
	"GlobalAveragePooling2D": {nets.GlobalAveragePooling2D{}, nets.GlobalAveragePooling2D{KeepDims: true}},
	"GlobalMaxPooling2D":     {nets.GlobalMaxPooling2D{}, nets.GlobalMaxPooling2D{KeepDims: true}},
	"LayerNormalization":     {nets.LayerNormalization{}, nets.LayerNormalization{Epsilon: 1e-4, NoScale: true, NoCenter: true}},
	"LeakyReLU":              {nets.LeakyReLULayer{}, nets.LeakyReLULayer{NegativeSlope: 0.1}},
	"MaxPooling2D":           {nets.MaxPooling2D{}, nets.MaxPooling2D{Size: [2]int{3, 2}, Strides: [2]int{2, 1}, Padding: nets.Same}},
	"Maximum":                {nets.Maximum{}},
	"Minimum":                {nets.Minimum{}},
	"Multiply":               {nets.Multiply{}},
	"Normalization":          {nets.Normalization{Mean: []float64{0.5}, Variance: []float64{4}}, nets.Normalization{Mean: []float64{0.5}, Variance: []float64{4}, Invert: true}},
	"Normalize":              {nets.Normalize{}},
	"PReLU":                  {nets.PReLU{}, nets.PReLU{SharedAxes: []int{1}}},
	"ReLU":                   {nets.ReLULayer{}, nets.ReLULayer{MaxValue: &most, NegativeSlope: 0.1, Threshold: 0.2}, nets.ReLULayer{MaxValue: &most}, nets.ReLULayer{Threshold: 0.1}},
	"Rescaling":              {nets.Rescaling{}, nets.Rescaling{Scale: 3, Offset: -0.5}},
	"Reshape":                {nets.Reshape{To: []int{2, -1}}, nets.Reshape{To: []int{-1, 2, 1}}, nets.Reshape{To: []int{-1}}},
	"SeparableConv2D":        {nets.SeparableConv2D{Filters: 3, Side: 3}, nets.SeparableConv2D{Filters: 5, Size: [2]int{2, 3}, Strides: [2]int{2, 2}, Padding: nets.Same, DepthMultiplier: 2, NoBias: true, Activation: nets.ReLU}},
	"Softmax":                {nets.SoftmaxLayer{}},
	"SpatialDropout2D":       {nets.SpatialDropout2D{Rate: 0.3}, nets.SpatialDropout2D{}},
	"Subtract":               {nets.Subtract{}},
	"ZeroPadding2D":          {nets.ZeroPadding2D{}, nets.ZeroPadding2D{Padding: nets.Sides{{0, 1}, {2, 0}}}},
}

var most = 0.75

// activations are layers of all that a config can name.
func activations() (layers []nets.Layer) {
	for a := nets.ReLU; a < nets.GELUTanh; a++ {
		layers = append(layers, nets.Activate{With: a})
	}
	return append(layers, nets.Activate{})
}

// Classes that take rows alone, and maps alone. Others take both.
var (
	ofRows = []string{"Cosines", "Normalize"}
	ofMaps = []string{"AveragePooling2D", "Conv2D", "Cropping2D", "DepthwiseConv2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "MaxPooling2D", "SeparableConv2D", "SpatialDropout2D", "ZeroPadding2D"}
)

// image is the size of the images, in one channel, and classes how many there are of them.
var image = [3]int{8, 7, 1}

const classes = 3

// place is a layer in a network.
type place struct {
	class string
	net   nets.Network
	name  string // of the layer
}

// places are where a layer stands: behind one with weights, which its gradient has to
// reach, that gives maps or rows, and before one that gives logits.
func places(class string, l nets.Layer) (list []place) {
	_, merges := l.(nets.Merge)
	for _, rows := range []bool{false, true} {
		if rows && slices.Contains(ofMaps, class) || !rows && slices.Contains(ofRows, class) {
			continue
		}
		p := &place{class: class, name: "walked", net: nets.Network{Name: class, Input: image}}
		add, first := p.net.Then, nets.Layer(nets.Conv2D{Filters: 4, Side: 3})
		if rows {
			add(nets.Flatten{})
			first = nets.Dense{Units: 6}
		}
		from, at := add(first), nets.At{Layer: l, Name: p.name}
		if merges {
			add(at, from, add(nets.BatchNormalization{}))
		} else {
			add(at)
		}
		add(nets.Flatten{})
		add(nets.Dense{Units: classes})
		list = append(list, *p)
	}
	return list
}

// walk has check look at each layer of the table in each of its places, or at the first
// of each class.
func walk(t *testing.T, first bool, check func(*testing.T, place)) {
	for _, class := range nets.Registered() {
		layers, ok := table[class]
		if !ok || len(layers) == 0 {
			t.Errorf("%s is registered, and not in the table of cmd/internal/everylayer", class)
			continue
		}
		var all []place
		for _, l := range layers {
			all = append(all, places(class, l)...)
		}
		if first {
			all = all[:1]
		}
		for _, p := range all {
			if !t.Run(class, func(t *testing.T) { check(t, p) }) {
				text, _ := json.Marshal(p.net)
				t.Logf("%s stands in %s", class, text)
			}
		}
	}
}

// TestTable: what is in it is registered under that name.
func TestTable(t *testing.T) {
	for class, layers := range table {
		if !slices.Contains(nets.Registered(), class) || len(layers) == 0 {
			t.Errorf("%s is not registered, or has no layer in the table", class)
		}
		for _, l := range layers {
			for _, p := range places(class, l) {
				if part := p.part(t); part.Type != class {
					t.Errorf("%#v is in the table as %s, and is %s", l, class, part.Type)
				}
			}
		}
	}
}

// unseen are the classes that a page does not show, as they are nothing in prediction, or
// the same numbers again.
var unseen = map[string]bool{"Dropout": true, "Flatten": true, "GaussianNoise": true, "SpatialDropout2D": true}
