package data

import "fmt"

// NewSet makes a set of images that are in memory: pixels (N,H,W,C), row-major, of
// a shape {H, W, C}, and for each image its label, from 0 to classes-1. Where
// classes is 0, a label is whatever a byte holds, 0 to 255. The set keeps pixels,
// and copies labels.
//
// Pixels are bytes, of which a network sees v/255, and a set holds nothing else:
// values of another kind are scaled and rounded to bytes first, those from 0 to 1
// by uint8(math.Round(255*v)), which gives back the bytes that they were made of,
// if any. Pictures become pixels by digit.Rows.
//
// What does not fit is ErrFormat, and said in one line: lengths, a size below 1, no
// rows, a label that is no class.
func NewSet[L ~uint8 | ~int32 | ~int64 | ~int](pixels []uint8, labels []L, shape [3]int, classes int) (*Set, error) {
	s := &Set{Pixels: pixels, Labels: make([]uint8, len(labels)), Height: shape[0], Width: shape[1], Channels: shape[2]}
	if err := s.Check(); err != nil {
		return nil, err
	}
	if classes < 0 || classes > maxClasses {
		return nil, fmt.Errorf("%w: %d classes: must be from 1 to %d, or 0 for any", ErrFormat, classes, maxClasses)
	}
	known := classes
	if known == 0 {
		known = maxClasses
	}
	for row, label := range labels {
		if label < 0 || int64(label) >= int64(known) {
			return nil, fmt.Errorf("%w: row %d has label %d, and a label of %d classes is from 0 to %d", ErrFormat, row, label, known, known-1)
		}
		s.Labels[row] = uint8(label)
	}
	return s, nil
}
