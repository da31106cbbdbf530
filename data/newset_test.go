package data_test

import (
	"errors"
	"image"
	"slices"
	"strings"
	"testing"

	"stheno/data"
	"stheno/data/digit"
)

func TestNewSet(t *testing.T) {
	pixels, labels := []uint8{0, 1, 2, 253, 254, 255}, []int{1, 255}
	s, err := data.NewSet(pixels, labels, [3]int{1, 3, 1}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if s.Shape() != [3]int{1, 3, 1} || &s.Pixels[0] != &pixels[0] || !slices.Equal(s.Labels, []uint8{1, 255}) {
		t.Errorf("the set is %+v", s)
	}
	if s, err = data.NewSet(pixels, []uint8{2, 9}, [3]int{1, 1, 3}, 10); err != nil || !slices.Equal(s.Labels, []uint8{2, 9}) {
		t.Errorf("%+v, error %v", s, err)
	}
}

// TestNewSetRefuses what does not fit, in one line that says what.
func TestNewSetRefuses(t *testing.T) {
	six, shape := make([]uint8, 6), [3]int{1, 3, 1}
	for _, c := range []struct {
		pixels  []uint8
		labels  []int
		shape   [3]int
		classes int
		want    string
	}{
		{nil, nil, shape, 10, "no labels, and so no images"},
		{six, nil, shape, 10, "no labels"},
		{nil, []int{1, 2}, shape, 10, "0 pixel values and 2 labels"},
		{six, []int{1}, shape, 10, "6 pixel values and 1 labels: so many images of 1 x 3 x 1 have 3"},
		{six[:5], []int{1, 2}, shape, 10, "5 pixel values and 2 labels"},
		{six, []int{1, 2}, [3]int{0, 3, 1}, 10, "0 x 3 x 1"},
		{six, []int{1, 2}, [3]int{-1, -3, 1}, 10, "-1 x -3 x 1"},
		{six, []int{1, 2}, [3]int{1, 1 << 40, 1}, 10, "at most 4096"},
		{six, []int{1, 10}, shape, 10, "row 1 has label 10, and a label of 10 classes is from 0 to 9"},
		{six, []int{-1, 1}, shape, 10, "row 0 has label -1"},
		{six, []int{1, 256}, shape, 0, "row 1 has label 256, and a label of 256 classes is from 0 to 255"},
		{six, []int{1, 1<<32 + 1}, shape, 0, "row 1"}, // as a byte it would be 1
		{six, []int{0, 0}, shape, -1, "-1 classes"},
		{six, []int{0, 0}, shape, 257, "257 classes: must be from 1 to 256"},
	} {
		s, err := data.NewSet(c.pixels, c.labels, c.shape, c.classes)
		if s != nil || !errors.Is(err, data.ErrFormat) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%d pixels, labels %v, %v, %d classes: error %v, want %q", len(c.pixels), c.labels, c.shape, c.classes, err, c.want)
		}
	}
}

// TestPicturesBecomeASet: by digit.Rows, as a folder of them would.
func TestPicturesBecomeASet(t *testing.T) {
	dark, light := image.NewGray(image.Rect(0, 0, 2, 3)), image.NewGray(image.Rect(5, 5, 9, 11))
	for i := range light.Pix {
		light.Pix[i] = 200
	}
	shape := [3]int{3, 2, 1}
	pixels, err := digit.Rows([]image.Image{dark, light}, shape, digit.Preparation{Method: digit.Raw})
	if err != nil {
		t.Fatal(err)
	}
	s, err := data.NewSet(pixels, []int{0, 1}, shape, 2)
	if err != nil || !slices.Equal(s.Pixels, append(make([]uint8, 6), 200, 200, 200, 200, 200, 200)) {
		t.Errorf("%+v, error %v", s, err)
	}
}
