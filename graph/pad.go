package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Pad puts rows and columns of zeros around images:
//
//	x (N,H,W,C) -> y (N,Top+H+Bottom,Left+W+Right,C)
//
// Its gradient is Crop, as Crop's is Pad.
type Pad[T Float] struct {
	Top, Bottom, Left, Right int // 0 or more
}

func (p Pad[T]) String() string {
	return fmt.Sprintf("Pad{Top:%d Bottom:%d Left:%d Right:%d}", p.Top, p.Bottom, p.Left, p.Right)
}

func (Pad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

// Shape wants images.
func (p Pad[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if err := checkBorder(in[0], p.Top, p.Bottom, p.Left, p.Right); err != nil {
		return nil, err
	}
	x := in[0]
	return []tensor.Shape{{x[0], p.Top + x[1] + p.Bottom, p.Left + x[2] + p.Right, x[3]}}, nil
}

func checkBorder(x tensor.Shape, sides ...int) error {
	if len(x) != 4 {
		return fmt.Errorf("wants images (N,H,W,C), got %v", x)
	}
	for _, n := range sides {
		if n < 0 {
			return fmt.Errorf("a border of %d pixels: each must be 0 or more", n)
		}
	}
	return nil
}

func (p Pad[T]) Run(out, in []gorgonia.Value) error {
	s := in[0].Shape()
	b := kernel.Border{N: s[0], H: s[1], W: s[2], C: s[3], Top: p.Top, Bottom: p.Bottom, Left: p.Left, Right: p.Right}
	kernel.Pad(b, Slice[T](in[0]), Slice[T](out[0]))
	return nil
}

// Grad leaves the border out.
func (p Pad[T]) Grad(_ gorgonia.Nodes, _, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	dx, err := Apply(Crop[T](p), dy)
	return gorgonia.Nodes{dx}, err
}

// Crop takes rows and columns off images:
//
//	x (N,H,W,C) -> y (N,H-Top-Bottom,W-Left-Right,C)
type Crop[T Float] struct {
	Top, Bottom, Left, Right int // 0 or more
}

func (c Crop[T]) String() string {
	return fmt.Sprintf("Crop{Top:%d Bottom:%d Left:%d Right:%d}", c.Top, c.Bottom, c.Left, c.Right)
}

func (Crop[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

// Shape wants images of which something is left.
func (c Crop[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	x := in[0]
	if err := checkBorder(x, c.Top, c.Bottom, c.Left, c.Right); err != nil {
		return nil, err
	}
	y := tensor.Shape{x[0], x[1] - c.Top - c.Bottom, x[2] - c.Left - c.Right, x[3]}
	if y[1] < 1 || y[2] < 1 {
		return nil, fmt.Errorf("nothing is left of images of %d x %d pixels", x[1], x[2])
	}
	return []tensor.Shape{y}, nil
}

func (c Crop[T]) Run(out, in []gorgonia.Value) error {
	s := out[0].Shape()
	b := kernel.Border{N: s[0], H: s[1], W: s[2], C: s[3], Top: c.Top, Bottom: c.Bottom, Left: c.Left, Right: c.Right}
	kernel.Crop(b, Slice[T](in[0]), Slice[T](out[0]))
	return nil
}

// Grad is zero in what was left out.
func (c Crop[T]) Grad(_ gorgonia.Nodes, _, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	dx, err := Apply(Pad[T](c), dy)
	return gorgonia.Nodes{dx}, err
}
