package data

import "fmt"

// Check says what keeps s from being a set of images: that it is nil or empty,
// or that pixels, labels and sizes do not fit each other. Its errors are of the
// kind ErrFormat.
func (s *Set) Check() error {
	switch {
	case s == nil:
		return fmt.Errorf("%w: it is nil", ErrFormat)
	case min(s.Height, s.Width, s.Channels) < 1:
		return fmt.Errorf("%w: its images are %d x %d x %d: height, width and channels must be at least 1", ErrFormat, s.Height, s.Width, s.Channels)
	case s.Height > maxSide || s.Width > maxSide || s.Channels > maxSide:
		return fmt.Errorf("%w: its images are %d x %d x %d: height, width and channels must be at most %d", ErrFormat, s.Height, s.Width, s.Channels, maxSide)
	case len(s.Labels) == 0:
		return fmt.Errorf("%w: it has no labels, and so no images", ErrFormat)
	case len(s.Pixels)%s.Len() != 0 || len(s.Pixels)/s.Len() != s.rowSize():
		return fmt.Errorf("%w: it has %d pixel values and %d labels: so many images of %d x %d x %d have %d values",
			ErrFormat, len(s.Pixels), s.Len(), s.Height, s.Width, s.Channels, s.Len()*s.rowSize())
	}
	return nil
}

// Check says what keeps b from being a batch of a set's rows.
func (b Batch) Check() error {
	if b.set == nil {
		return fmt.Errorf("data: the batch belongs to no set: take it from Set.Batches or Set.Pick")
	}
	if err := b.set.Check(); err != nil {
		return err
	}
	if len(b.Rows) == 0 {
		return fmt.Errorf("data: the batch names no row")
	}
	for _, row := range b.Rows {
		if row < 0 || row >= b.set.Len() {
			return fmt.Errorf("data: the batch names row %d of a set of %d, which are counted from 0", row, b.set.Len())
		}
	}
	return nil
}

// Shape returns the shape of one image of the batch, {H, W, C}.
func (b Batch) Shape() [3]int { return b.set.Shape() }
