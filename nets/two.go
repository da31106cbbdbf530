package nets

import (
	"encoding/json"
	"fmt"
)

// two are numbers of pixels down and across, as Keras's tuples have them.
type two [2]int

// UnmarshalJSON reads two numbers, or one for both.
func (t *two) UnmarshalJSON(text []byte) error {
	var one int
	switch {
	case string(text) == "null":
		*t = two{}
	case json.Unmarshal(text, &one) == nil:
		*t = two{one, one}
	case !pairOf(text, (*[2]int)(t)):
		return fmt.Errorf("%.60s is no number of pixels, nor two of them", text)
	}
	return nil
}

// positive refuses numbers below 1, by the name of what they are.
func (t two) positive(what string) error {
	if t[0] < 1 || t[1] < 1 {
		return fmt.Errorf("the %s are %d and %d: both must be at least 1", what, t[0], t[1])
	}
	return nil
}

// side is the side of a square, or else height and width.
func (t two) side() (side int, size [2]int) {
	if t[0] == t[1] {
		return t[0], [2]int{}
	}
	return 0, t
}

// sizeOf is the height and width that a layer's Side and Size say.
func sizeOf(side int, size [2]int) ([2]int, error) {
	switch {
	case size == [2]int{}:
		size = [2]int{side, side}
	case side != 0:
		return size, fmt.Errorf("a Side of %d and a Size of %v: only one of them can be set", side, size)
	}
	if size[0] < 1 || size[1] < 1 {
		return size, fmt.Errorf("a window of %d x %d pixels: both must be at least 1", size[0], size[1])
	}
	return size, nil
}
