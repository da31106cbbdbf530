package digit

import (
	"image"
	"strings"
)

// Rows are pictures, of files or in memory, as a network for images of a shape {H, W, C}
// sees them, each prepared by by: (N,H,W,C), in the pictures' order, which is what
// data.NewSet makes a set of. The first one that cannot be prepared, or in which by
// looks for ink and finds none, is ErrInput; the error says which, counted from 0.
func Rows(pictures []image.Image, shape [3]int, by Preparation) ([]uint8, error) {
	if err := by.Check(shape); err != nil {
		return nil, err
	}
	rows := make([]uint8, 0, len(pictures)*shape[0]*shape[1]*shape[2])
	for i, picture := range pictures {
		row, ink, err := FromImage(picture).Row(shape, by)
		switch {
		case err != nil:
			return nil, inputError("picture %d: %s", i, strings.TrimPrefix(err.Error(), "digit: "))
		case !ink:
			return nil, inputError("picture %d: no ink is found in it", i)
		}
		rows = append(rows, row...)
	}
	return rows, nil
}
