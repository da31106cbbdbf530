package nets

import (
	"encoding/json"
	"fmt"

	"stheno/graph"
)

// Sides are so many pixels on each side of an image: {{above, below}, {left, right}}.
type Sides [2][2]int

// UnmarshalJSON reads what JSON makes of it, and Keras's other forms: one number for
// all sides, or two, for above and below, and for left and right.
func (s *Sides) UnmarshalJSON(text []byte) error {
	var all int
	var two [2]int
	var four [][]int
	switch {
	case json.Unmarshal(text, &all) == nil:
		*s = Sides{{all, all}, {all, all}}
	case json.Unmarshal(text, &four) == nil && len(four) == 2 && len(four[0]) == 2 && len(four[1]) == 2:
		*s = Sides{{four[0][0], four[0][1]}, {four[1][0], four[1][1]}}
	case pairOf(text, &two):
		*s = Sides{{two[0], two[0]}, {two[1], two[1]}}
	default:
		return fmt.Errorf("%.60s is no number of pixels, nor two or four of them", text)
	}
	return nil
}

// spans are how a value sees one pixel of an image that has so many times the sides
// more: 1 or -1.
func (s Sides) spans(times int) (spans [2]graph.Span) {
	for axis := range spans {
		spans[axis] = graph.Span{Size: 1, Stride: 1, Dilation: 1, Before: times * s[axis][0]}
	}
	return spans
}

// pairOf reads two numbers.
func pairOf(text []byte, pair *[2]int) bool {
	var numbers []int
	if json.Unmarshal(text, &numbers) != nil || len(numbers) != 2 {
		return false
	}
	*pair = [2]int(numbers)
	return true
}
