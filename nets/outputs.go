package nets

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"stheno/graph"
)

// Output is what one layer makes of an image.
type Output struct {
	Name, Type string // "conv2d_1", "Conv2D"
	Shape      []int  // (H,W,C) or (units)
	Values     []float32
	Field      Field // of images; zero of rows
}

// Outputs runs one image (H,W,C) and returns what each layer makes of it, in
// order, and last the probabilities, as a part named so.
func (p *Predictor) Outputs(image []float32) ([]Output, error) {
	input := p.model.Input
	if size := input[0] * input[1] * input[2]; len(image) != size {
		return nil, fmt.Errorf("nets: an image of %d values, expected %d", len(image), size)
	}
	p.running <- struct{}{}
	defer func() { <-p.running }()
	one := lent{images: 1, whole: true}
	program, err := p.take(one)
	if err != nil {
		return nil, err
	}
	defer p.put(one, program)
	if p.model.dtype == tensor.Float64 {
		return outputs[float64](program, image)
	}
	return outputs[float32](program, image)
}

func outputs[T graph.Float](p *Program, image []float32) ([]Output, error) {
	for i, in := 0, graph.Slice[T](p.Images()); i < len(in); i++ {
		in[i] = T(image[i])
	}
	if err := p.Run(); err != nil {
		return nil, err
	}
	var list []Output
	fields := fields(p.images, p.Parts())
	for _, part := range p.Parts() {
		if len(part.Nodes) == 0 {
			continue // a layer that adds nothing, as dropout outside of training
		}
		out := part.Out
		a := Output{Name: part.Name, Type: part.Type, Shape: slices.Clone(out.Shape()[1:]), Field: fields[out]}
		for _, v := range graph.Slice[T](out.Value()) {
			a.Values = append(a.Values, float32(v))
		}
		list = append(list, a)
	}
	return list, nil
}
