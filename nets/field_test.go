package nets_test

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
)

// TestFieldIsWhatAValueSees changes each pixel alone: those outside of a value's field
// have no say, and those in its corners have,
// where no zeros stand around the image.
func TestFieldIsWhatAValueSees(t *testing.T) {
	const height, width = 12, 11
	net := nets.Network{Name: "n", Input: [3]int{height, width, 1}, Layers: []nets.Layer{
		nets.DepthwiseConv2D{Side: 2, Dilation: [2]int{2, 1}, Padding: nets.Same},
		nets.BatchNormalization{},
		nets.ReLULayer{}, // which the layer before would do
		nets.ZeroPadding2D{Padding: nets.Sides{{1, 0}, {2, 0}}},
		nets.AveragePooling2D{Size: [2]int{3, 2}, Strides: [2]int{2, 1}, Padding: nets.Same},
		nets.At{Layer: nets.Conv2D{Filters: 3, Side: 2}, Name: "one"},
		nets.At{Layer: nets.SeparableConv2D{Filters: 3, Side: 2}, Name: "two", After: []string{"average_pooling2d"}},
		nets.At{Layer: nets.Cropping2D{Cropping: nets.Sides{{1, 0}, {0, 1}}}, Name: "three", After: []string{"average_pooling2d"}},
		nets.At{Layer: nets.Concatenate{}, After: []string{"one", "two", "three"}},
		nets.At{Layer: plus{}, After: []string{"one", "two"}},
		nets.At{Layer: nets.Concatenate{}, After: []string{"concatenate", "plus"}},
		nets.Dropout{Rate: 0.5},
		nets.Dense{Units: 2},
	}}
	m := newModel(t, net, tensor.Float64)
	for _, w := range m.Weights {
		if w.Name == "batch_normalization.beta" {
			w.Value.Float64s()[0] = 9 // behind which no ReLU says nothing
		}
	}
	p := nets.NewPredictor(m)
	image := make([]float32, height*width)
	for i := range image {
		image[i] = float32(i*i%13) / 13
	}
	outputs := func() []nets.Output {
		t.Helper()
		out, err := p.Outputs(image)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	before := outputs()
	changed := make([][]nets.Output, len(image)) // by that pixel
	for i, was := range image {
		image[i]++
		changed[i] = outputs()
		image[i] = was
	}
	known := 0
	for k, o := range before {
		f := o.Field
		if f == (nets.Field{}) {
			continue
		}
		known++
		for y := range o.Shape[0] {
			for x := range o.Shape[1] {
				at := (y*o.Shape[1] + x) * o.Shape[2]
				for i := range image {
					inside, corner := seen(f, [2]int{y, x}, [2]int{i / width, i % width}, [2]int{height, width})
					says := !slices.Equal(changed[i][k].Values[at:at+o.Shape[2]], o.Values[at:at+o.Shape[2]])
					if says != inside && (!inside || corner) {
						t.Fatalf("%s: pixel %d,%d changes the value at %d,%d: %v; its field is %+v", o.Name, i/width, i%width, y, x, says, f)
					}
				}
			}
		}
	}
	if known != 9 { // of the sum, a layer of one's own, it is not, and so not of what stands behind
		t.Errorf("the fields of %d layers are known, expected 9", known)
	}
}

// seen says whether a pixel is in the field of the value at a place, and in a corner of
// one that is all in the image: zeros that stand around it may be what has no say.
func seen(f nets.Field, at, pixel, size [2]int) (inside, corner bool) {
	inside, corner = true, true
	for axis := range at {
		from := f.Start[axis] + at[axis]*f.Step[axis]
		i, last := pixel[axis]-from, f.Size[axis]-1
		inside = inside && i >= 0 && i <= last
		corner = corner && (i == 0 || i == last) && from >= 0 && from+last < size[axis]
	}
	return inside, corner
}
