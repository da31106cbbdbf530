package digit

import (
	"fmt"
	"image"
	"math"
)

// Method is a way to make of a picture an image for a network.
type Method string

const (
	Raw   Method = "raw"   // see Picture.Scale: the whole picture, only scaled
	MNIST Method = "mnist" // see Picture.Normalize: the ink, as MNIST's was prepared
)

// UnmarshalText reads a method, and refuses one that this version does not know.
func (m *Method) UnmarshalText(text []byte) error {
	switch known := Method(text); known {
	case Raw, MNIST:
		*m = known
		return nil
	}
	return fmt.Errorf("%q is no way to prepare pictures: must be %s or %s", text, Raw, MNIST)
}

// Preparation says how pictures become the images that a network sees. It is a
// run's setting: whoever asks the network later prepares as training did. The
// zero value says nothing.
type Preparation struct {
	Method Method `json:"method"`
}

func (p Preparation) String() string { return string(p.Method) }

// Check says whether images of a shape {H, W, C} can be prepared so.
func (p Preparation) Check(shape [3]int) error {
	switch {
	case p.Method == MNIST && shape != [3]int{Side, Side, 1}:
		return inputError("images of %d x %d x %d cannot be prepared as MNIST's were, which are 28 x 28 x 1", shape[0], shape[1], shape[2])
	case p.Method == MNIST:
		return nil
	case p.Method != Raw:
		return inputError("nothing says how pictures are prepared: must be %s or %s", Raw, MNIST)
	case shape[0] < 1 || shape[1] < 1 || shape[2] != 1 && shape[2] != 3:
		return inputError("no picture becomes an image of %d x %d x %d", shape[0], shape[1], shape[2])
	}
	return nil
}

// Row is the picture as a network for images of a shape {H, W, C} sees it,
// prepared by p: (H,W,C). ink is false if p looks for ink and there is none; the
// image is black then. What cannot be prepared so is ErrInput.
func (p *Picture) Row(shape [3]int, by Preparation) (pixels []uint8, ink bool, err error) {
	if err := by.Check(shape); err != nil {
		return nil, false, err
	}
	if p.rgba.Rect.Empty() {
		return nil, false, inputError("has no pixels, or no bounds")
	}
	if by.Method == MNIST {
		pixels, ink = p.Normalize()
		return pixels, ink, nil
	}
	pixels = p.Scale(shape)
	if p.clear && p.drawn() && !visible(pixels) {
		return nil, false, inputError("is drawn in black on a transparent sheet, and transparent parts count as black: nothing is left to see; save it on a white sheet")
	}
	return pixels, true, nil
}

// drawn says whether anything is not transparent.
func (p *Picture) drawn() bool {
	for i := 3; i < len(p.rgba.Pix); i += 4 {
		if p.rgba.Pix[i] > 0 {
			return true
		}
	}
	return false
}

// visible says whether anything is not black.
func visible(pixels []uint8) bool {
	for _, v := range pixels {
		if v > 0 {
			return true
		}
	}
	return false
}

// Prepared says whether an image of 28 x 28 has what MNIST's have in common: ink
// whose longer side is 20 pixels, on black, and its centre of mass where a shift
// by whole pixels has put it, at (14,14).
func Prepared(pixels []uint8) bool {
	var box image.Rectangle
	var sum, x, y float64
	for i, v := range pixels {
		if v > 0 {
			box = box.Union(image.Rect(i%Side, i/Side, i%Side+1, i/Side+1))
		}
		sum, x, y = sum+float64(v), x+float64(v)*float64(i%Side), y+float64(v)*float64(i/Side)
	}
	near := func(moment float64) bool { return math.Abs(moment/sum-centre) < 1 }
	return len(pixels) == Side*Side && max(box.Dx(), box.Dy()) == inkBox && near(x) && near(y)
}
