package nets

import (
	"encoding/json"
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"

	"stheno/graph"
)

// ZeroPadding2D puts zeros around images, as Keras's:
//
//	x (N,H,W,C) -> (N,above+H+below,left+W+right,C)
type ZeroPadding2D struct {
	Padding Sides // zero is one pixel on each side, Keras's default
}

func init() { registerKeras(ZeroPadding2D{}) }

type zeroPadding2DSettings struct {
	Padding Sides `json:"padding"`
}

// sides are those that zero stands for.
func (z ZeroPadding2D) sides() Sides {
	if z.Padding == (Sides{}) {
		return Sides{{1, 1}, {1, 1}}
	}
	return z.Padding
}

// MarshalJSON writes the setting under Keras's name.
func (z ZeroPadding2D) MarshalJSON() ([]byte, error) {
	return json.Marshal(zeroPadding2DSettings{z.sides()})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (z *ZeroPadding2D) UnmarshalJSON(text []byte) error {
	s := zeroPadding2DSettings{Sides{{1, 1}, {1, 1}}}
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("the padding: %w", err)
	}
	if s.Padding == (Sides{}) {
		return errors.New("the padding is 0 on all sides, which does nothing: leave the layer out")
	}
	if z.Padding = s.Padding; s.Padding == (Sides{{1, 1}, {1, 1}}) {
		z.Padding = Sides{}
	}
	return nil
}

// Build adds one op.
func (z ZeroPadding2D) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	s := z.sides()
	return b.Ops.Pad(x, s[0][0], s[0][1], s[1][0], s[1][1])
}

// spans are those of a pixel, behind the zeros.
func (z ZeroPadding2D) spans([]int) [2]graph.Span { return z.sides().spans(1) }

// flops are none: numbers are moved.
func (ZeroPadding2D) flops(_, _ []int) Operations { return Operations{} }
