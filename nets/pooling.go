package nets

import (
	"encoding/json"
	"fmt"

	"gorgonia.org/gorgonia"

	"stheno/graph"
)

// MaxPooling2D is the largest number of each window of images, as Keras's:
//
//	x (N,H,W,C) -> (N,OH,OW,C)
//
// Of several that are the largest, the first one has the gradient, as TensorFlow does.
type MaxPooling2D struct {
	Side    int     // the window's side in pixels; zero, without a Size, is 2
	Size    [2]int  // its height and width, where it is no square: Side is 0 then
	Strides [2]int  // pixels down and across from one window to the next; zero is the window's height and width
	Padding Padding // zero is Valid
}

// AveragePooling2D is the mean of each window of images, as Keras's: with padding Same
// of those of its numbers that stand on the image.
//
//	x (N,H,W,C) -> (N,OH,OW,C)
type AveragePooling2D struct {
	Side    int     // the window's side in pixels; zero, without a Size, is 2
	Size    [2]int  // its height and width, where it is no square: Side is 0 then
	Strides [2]int  // pixels down and across from one window to the next; zero is the window's height and width
	Padding Padding // zero is Valid
}

func init() {
	registerKeras(MaxPooling2D{})
	registerKeras(AveragePooling2D{})
}

func (m MaxPooling2D) spans(in []int) [2]graph.Span { return pooling(m).spans(in) }

func (a AveragePooling2D) spans(in []int) [2]graph.Span { return pooling(a).spans(in) }

// Build adds the op.
func (m MaxPooling2D) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	return pooling(m).build(x, b.Ops.MaxPool)
}

// MarshalJSON writes the settings under Keras's names.
func (m MaxPooling2D) MarshalJSON() ([]byte, error) { return pooling(m).write() }

// UnmarshalJSON reads what MarshalJSON writes.
func (m *MaxPooling2D) UnmarshalJSON(text []byte) error { return (*pooling)(m).read(text) }

// Build adds the op.
func (a AveragePooling2D) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	return pooling(a).build(x, b.Ops.AveragePool)
}

// MarshalJSON writes the settings under Keras's names.
func (a AveragePooling2D) MarshalJSON() ([]byte, error) { return pooling(a).write() }

// UnmarshalJSON reads what MarshalJSON writes.
func (a *AveragePooling2D) UnmarshalJSON(text []byte) error { return (*pooling)(a).read(text) }

// pooling are the settings of a pool.
type pooling MaxPooling2D

// poolingSettings are those under Keras's names.
type poolingSettings struct {
	Size    two     `json:"pool_size"`
	Strides two     `json:"strides"`
	Padding Padding `json:"padding"`
}

func (p pooling) write() ([]byte, error) {
	size, over, err := p.settled()
	if err != nil {
		return nil, err
	}
	return json.Marshal(poolingSettings{two(size), two(over.Strides), p.Padding})
}

func (p *pooling) read(text []byte) error {
	s := poolingSettings{Size: two{2, 2}}
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if err := s.Size.positive("pool_size"); err != nil {
		return err
	}
	if s.Strides == (two{}) { // none, or null
		s.Strides = s.Size
	}
	if err := s.Strides.positive("strides"); err != nil {
		return err
	}
	*p = pooling{Padding: s.Padding}
	p.Side, p.Size = s.Size.side()
	if s.Strides != s.Size {
		p.Strides = s.Strides
	}
	_, _, err := p.settled()
	return err
}

// settled are the window's height and width and how it slides, or what is wrong with
// them.
func (p pooling) settled() (size [2]int, over graph.Window, err error) {
	if p.Side == 0 && p.Size == ([2]int{}) {
		p.Side = 2
	}
	if size, err = sizeOf(p.Side, p.Size); err != nil {
		return size, over, err
	}
	if over.Strides = p.Strides; p.Strides == ([2]int{}) {
		over.Strides = size
	}
	if err := two(over.Strides).positive("strides"); err != nil {
		return size, over, err
	}
	over.Same = p.Padding == Same
	return size, over, p.Padding.check()
}

// spans are the window's on an image (H,W,C), once it is settled.
func (p pooling) spans(in []int) [2]graph.Span {
	size, over, _ := p.settled()
	return [2]graph.Span{over.Along(0, in[0], size[0]), over.Along(1, in[1], size[1])}
}

func (p pooling) build(x *gorgonia.Node, op func(x *gorgonia.Node, size [2]int, over graph.Window) (*gorgonia.Node, error)) (*gorgonia.Node, error) {
	size, over, err := p.settled()
	if err != nil {
		return nil, err
	}
	if x.Dims() != 4 {
		return nil, fmt.Errorf("wants images (N,H,W,C), got %v; put it before Flatten and Dense", x.Shape())
	}
	return op(x, size, over)
}

// GlobalAveragePooling2D is the mean of each of an image's channels, as Keras's:
//
//	x (N,H,W,C) -> (N,C), or (N,1,1,C)
type GlobalAveragePooling2D struct {
	KeepDims bool `json:"keepdims"` // H and W become 1; they go if not
}

// GlobalMaxPooling2D is the largest number of each of an image's channels, as Keras's.
// All that are the largest share the gradient, as in TensorFlow.
//
//	x (N,H,W,C) -> (N,C), or (N,1,1,C)
type GlobalMaxPooling2D struct {
	KeepDims bool `json:"keepdims"` // H and W become 1; they go if not
}

func init() {
	registerKeras(GlobalAveragePooling2D{})
	registerKeras(GlobalMaxPooling2D{})
}

// Build adds the op.
func (g GlobalAveragePooling2D) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	return b.Ops.GlobalAverage(x, g.KeepDims)
}

// Build adds the op.
func (g GlobalMaxPooling2D) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	return b.Ops.GlobalMax(x, g.KeepDims)
}

// pooled are the operations of so many numbers that go into windows: one of each, and
// for the gradient another.
func pooled(n int) Operations { return Operations{Forward: n, Inputs: n} }

// flops are one of each number of each window.
func (p pooling) flops(in, out []int) Operations {
	s := p.spans(in)
	return pooled(product(out) * s[0].Size * s[1].Size)
}

func (m MaxPooling2D) flops(in, out []int) Operations     { return pooling(m).flops(in, out) }
func (a AveragePooling2D) flops(in, out []int) Operations { return pooling(a).flops(in, out) }

// flops are one of each number.
func (GlobalAveragePooling2D) flops(in, _ []int) Operations { return pooled(product(in)) }

// flops are one of each number.
func (GlobalMaxPooling2D) flops(in, _ []int) Operations { return pooled(product(in)) }
