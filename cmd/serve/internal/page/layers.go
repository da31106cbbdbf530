package page

import (
	"math"
	"net/http"

	"stheno/data"
	"stheno/nets"
)

// layerJSON is what a layer makes of an image, as bytes to be looked at.
type layerJSON struct {
	Name        string  `json:"name"`
	Type        string  `json:"type"`
	Shape       []int   `json:"shape"`             // (H,W,C) or (units)
	Values      []byte  `json:"values"`            // the layer's least value, or 0 if that is less, is 0; its largest 255
	Low         float32 `json:"low"`               // what 0 stands for
	High        float32 `json:"high"`              // what 255 stands for
	Field       int     `json:"field"`             // side of the square of pixels that a value is made of; 0 is all of them, or not known
	Kernels     []byte  `json:"kernels,omitempty"` // 128 is zero; only of a layer that sees the image
	KernelShape []int   `json:"kernel_shape,omitempty"`
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
	fields := fields(m.Predictor.Network())
	for i, out := range outputs {
		if out.Type == "Flatten" {
			continue // the same values again
		}
		l := layerJSON{Name: out.Name, Type: out.Type, Shape: out.Shape}
		l.Values, l.Low, l.High = visible(out.Values)
		if len(out.Shape) == 3 && i < len(fields) {
			l.Field = fields[i]
		}
		if i == 0 {
			l.Kernels, l.KernelShape = kernels(m.Predictor.Weights(), out.Name)
		}
		answer.Layers = append(answer.Layers, l)
	}
	return answer, nil
}

// fields are the receptive fields of the layers before the first that is not a
// convolution. Those of stride 1 and without padding see side-1 pixels more
// each, and their value (y,x) sees the square that begins at (y,x).
func fields(net nets.Network) (sides []int) {
	side := 1
	for _, l := range net.Layers {
		conv, ok := l.(nets.Conv2D)
		if !ok {
			break
		}
		side += conv.Side - 1
		sides = append(sides, side)
	}
	return sides
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

// kernels are those of a convolution of gray images, (K,K,1,F).
func kernels(weights []nets.Weight, layer string) (shades []byte, shape []int) {
	for _, w := range weights {
		shape := w.Value.Shape()
		values, ok := w.Value.Data().([]float32)
		if w.Name != layer+".kernel" || len(shape) != 4 || shape[2] != 1 || !ok {
			continue
		}
		largest := float32(0)
		for _, v := range values {
			largest = max(largest, v, -v)
		}
		shades = make([]byte, len(values))
		for i, v := range values {
			shades[i] = byte(128 + signedByte(v, largest))
		}
		return shades, append([]int(nil), shape...)
	}
	return nil, nil
}

// signedByte maps -largest ... largest to -127 ... 127.
func signedByte(v, largest float32) int {
	if largest == 0 {
		return 0
	}
	return int(math.Round(float64(127 * v / largest)))
}
