package page

import (
	"math"
	"net/http"
	"slices"

	"stheno/data"
	"stheno/nets"
)

// layerJSON is what a layer makes of an image, as bytes to be looked at.
type layerJSON struct {
	Name        string     `json:"name"`
	Type        string     `json:"type"`
	Shape       []int      `json:"shape"`             // (H,W,C) or (units)
	Values      []byte     `json:"values"`            // the layer's least value, or 0 if that is less, is 0; its largest 255
	Low         float32    `json:"low"`               // what 0 stands for
	High        float32    `json:"high"`              // what 255 stands for
	Field       *fieldJSON `json:"field,omitempty"`   // the pixels that a value is made of; absent if these are all, or not known
	Kernels     []byte     `json:"kernels,omitempty"` // 128 is zero; only of the first layer with weights
	KernelShape []int      `json:"kernel_shape,omitempty"`
}

// fieldJSON is a nets.Field: the value (y,x) is made of size[0] rows of pixels from
// start[0] + y*step[0] on, and of columns likewise.
type fieldJSON struct {
	Size  [2]int `json:"size"`
	Step  [2]int `json:"step"`
	Start [2]int `json:"start"`
}

type layersJSON struct {
	Image  [3]int      `json:"image"`
	Layers []layerJSON `json:"layers"`
}

// layers runs an image and shows what each layer makes of it.
func (p *Page) layers(w http.ResponseWriter, r *http.Request) (any, error) {
	m, pixels, err := p.asked(w, r)
	if err != nil {
		return nil, err
	}
	outputs, err := m.Predictor.Outputs(data.Scaled[float32](pixels))
	if err != nil {
		return nil, err
	}
	answer := layersJSON{Image: m.input()}
	for _, out := range outputs {
		if out.Type == "Flatten" {
			continue // the same values again
		}
		l := layerJSON{Name: out.Name, Type: out.Type, Shape: out.Shape}
		l.Values, l.Low, l.High = visible(out.Values)
		if out.Field != (nets.Field{}) {
			l.Field = (*fieldJSON)(&out.Field)
		}
		l.Kernels, l.KernelShape = kernels(m.Predictor.Weights(), out.Name)
		answer.Layers = append(answer.Layers, l)
	}
	return answer, nil
}

// visible maps values to bytes, black for zero or what is less.
func visible(values []float32) (shades []byte, low, high float32) {
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	shades = make([]byte, len(values))
	if high > low {
		for i, v := range values {
			shades[i] = byte(math.Round(float64(255 * (v - low) / (high - low))))
		}
	}
	return shades, low, high
}

// kernels are those of the layer if it is the first that has weights, and convolves
// gray images: (K,K,1,F).
func kernels(weights []nets.Weight, layer string) (shades []byte, shape []int) {
	if len(weights) == 0 || weights[0].Name != layer+".kernel" {
		return nil, nil
	}
	shape = weights[0].Value.Shape()
	values, ok := weights[0].Value.Data().([]float32)
	if len(shape) != 4 || shape[2] != 1 || !ok {
		return nil, nil
	}
	largest := float32(0)
	for _, v := range values {
		largest = max(largest, v, -v)
	}
	shades = make([]byte, len(values))
	for i, v := range values {
		shades[i] = byte(128 + signedByte(v, largest))
	}
	return shades, slices.Clone(shape)
}

// signedByte maps -largest ... largest to -127 ... 127.
func signedByte(v, largest float32) int {
	if largest == 0 {
		return 0
	}
	return int(math.Round(float64(127 * v / largest)))
}
