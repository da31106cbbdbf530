package nets_test

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
)

// TestFieldIsWhatAValueSees changes each pixel alone: those outside of a value's field
// have no say, and those in its corners have.
func TestFieldIsWhatAValueSees(t *testing.T) {
	const height, width = 12, 11
	net := nets.Network{Name: "n", Input: [3]int{height, width, 1}, Layers: []nets.Layer{
		nets.Conv2D{Filters: 2, Side: 3},
		nets.Conv2D{Filters: 3, Side: 4},
		nets.At{Layer: nets.Conv2D{Filters: 3, Side: 4}, Name: "aside", After: []string{"conv2d"}},
		nets.At{Layer: plus{}, After: []string{"conv2d_1", "aside"}},
		nets.Dropout{Rate: 0.5},
		nets.Dense{Units: 2},
	}}
	p := nets.NewPredictor(newModel(t, net, tensor.Float64))
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
				rows := clipped(f, 0, y, height)
				columns := clipped(f, 1, x, width)
				for i := range image {
					inside := slices.Contains(rows, i/width) && slices.Contains(columns, i%width)
					corner := inside && (i/width == rows[0] || i/width == rows[len(rows)-1]) && (i%width == columns[0] || i%width == columns[len(columns)-1])
					says := !slices.Equal(changed[i][k].Values[at:at+o.Shape[2]], o.Values[at:at+o.Shape[2]])
					if says != inside && (!inside || corner) {
						t.Fatalf("%s: pixel %d,%d changes the value at %d,%d: %v; its field is %+v", o.Name, i/width, i%width, y, x, says, f)
					}
				}
			}
		}
	}
	if known != 3 { // of the sum, a layer of one's own, it is not
		t.Errorf("the fields of %d layers are known, expected 3", known)
	}
}

// clipped are the rows, or columns, of a value's field that are in the image.
func clipped(f nets.Field, axis, at, size int) (list []int) {
	from := f.Start[axis] + at*f.Step[axis]
	for i := max(0, from); i < min(size, from+f.Size[axis]); i++ {
		list = append(list, i)
	}
	return list
}
