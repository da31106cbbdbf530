package nets

import (
	"slices"

	"gorgonia.org/gorgonia"

	"stheno/graph"
)

// Field is the part of an image that a value of a layer is made of: of the value (y,x)
// the Size[0] rows from Start[0] + y·Step[0] on, and as many columns as Size[1], zeros
// around the image among them. A zero Size says that it is not known, or all of it.
type Field struct {
	Size, Step, Start [2]int // down and across
}

// slides is a layer whose values see a window of the pixels that it is given, of so
// many in each direction.
type slides interface {
	spans(in []int) [2]graph.Span
}

// Spans are how the window of a layer, of those that have one, slides down and across an
// image (H,W,C): with the zeros around it that Padding stands for.
func Spans(l Layer, in []int) (spans [2]graph.Span) {
	if l, ok := settings(l).(slides); ok {
		spans = l.spans(in)
	}
	return spans
}

// fields are those of what parts give, by the nodes. Of several inputs a value sees
// all that it sees of one of them.
func fields(image *gorgonia.Node, parts []Part) map[*gorgonia.Node]Field {
	known := map[*gorgonia.Node]Field{image: {Size: [2]int{1, 1}, Step: [2]int{1, 1}}}
	see(parts, known)
	return known
}

// see adds what parts give.
func see(parts []Part, known map[*gorgonia.Node]Field) {
	for _, p := range parts {
		if _, ok := known[p.Out]; ok || p.Layer == nil {
			continue // nothing is done, or it is no layer
		}
		see(p.Parts, known)
		if _, ok := known[p.Out]; !ok {
			known[p.Out] = p.field(known)
		}
	}
}

// field is that of a part that is no layer of others.
func (p Part) field(known map[*gorgonia.Node]Field) Field {
	f := known[p.Ins[0]]
	for _, in := range p.Ins[1:] {
		f = f.union(known[in])
	}
	in, out := p.In.Shape()[1:], p.Out.Shape()[1:]
	l, slide := settings(p.Layer).(slides)
	switch {
	case len(in) != 3 || len(out) != 3 || f.Size == [2]int{} || !ours(p.Layer):
		return Field{}
	case slide:
		return f.behind(l.spans(in))
	case !slices.Equal(in[:2], out[:2]):
		return Field{}
	}
	return f // pixel by pixel
}

// behind is the field of what sees a window of values that have the field f.
func (f Field) behind(spans [2]graph.Span) Field {
	for axis, s := range spans {
		f.Start[axis] -= s.Before * f.Step[axis]
		f.Size[axis] += (s.Size - 1) * s.Dilation * f.Step[axis]
		f.Step[axis] *= s.Stride
	}
	return f
}

// union is the field of what sees values of two fields, where they have one step.
func (f Field) union(g Field) Field {
	if f.Size == [2]int{} || g.Size == [2]int{} || f.Step != g.Step {
		return Field{}
	}
	for axis := range f.Size {
		end := max(f.Start[axis]+f.Size[axis], g.Start[axis]+g.Size[axis])
		f.Start[axis] = min(f.Start[axis], g.Start[axis])
		f.Size[axis] = end - f.Start[axis]
	}
	return f
}
