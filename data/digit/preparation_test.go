package digit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"strings"
	"testing"

	"stheno/data/digit"
)

// TestRow: what the preparation says is what happens.
func TestRow(t *testing.T) {
	p := digit.FromImage(seven(60, 40, image.Rect(10, 5, 25, 22), 4, white, black))
	mnist, _ := p.Normalize()
	for _, c := range []struct {
		shape  [3]int
		method digit.Method
		want   []uint8
	}{
		{[3]int{28, 28, 1}, digit.MNIST, mnist},
		{[3]int{28, 28, 1}, digit.Raw, p.Scale([3]int{28, 28, 1})},
		{[3]int{9, 5, 3}, digit.Raw, p.Scale([3]int{9, 5, 3})},
	} {
		got, ink, err := p.Row(c.shape, digit.Preparation{Method: c.method})
		if err != nil || !ink || !bytes.Equal(got, c.want) {
			t.Errorf("%s to %v: %v, ink %v", c.method, c.shape, err, ink)
		}
	}
	for _, c := range []struct {
		shape  [3]int
		method digit.Method
		says   string
	}{
		{[3]int{14, 14, 1}, digit.MNIST, "14 x 14 x 1 cannot be prepared as MNIST's"},
		{[3]int{28, 28, 3}, digit.MNIST, "28 x 28 x 3 cannot be prepared as MNIST's"},
		{[3]int{28, 28, 2}, digit.Raw, "28 x 28 x 2"},
		{[3]int{0, 28, 1}, digit.Raw, "0 x 28 x 1"},
		{[3]int{28, 28, 1}, "", "nothing says how"},
	} {
		if _, _, err := p.Row(c.shape, digit.Preparation{Method: c.method}); !errors.Is(err, digit.ErrInput) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s to %v: %v, expected %q", c.method, c.shape, err, c.says)
		}
	}
}

// TestRows are what Row makes of each picture, one behind the other; what it
// cannot make anything of is named.
func TestRows(t *testing.T) {
	a, b := seven(60, 40, image.Rect(10, 5, 25, 22), 4, white, black), seven(40, 60, image.Rect(9, 9, 30, 50), 5, black, white)
	blank, none := image.NewGray(image.Rect(0, 0, 30, 30)), image.NewGray(image.Rect(3, 3, 3, 9))
	first, _ := digit.FromImage(a).Normalize()
	second, _ := digit.FromImage(b).Normalize()
	mnist, raw, shape := digit.Preparation{Method: digit.MNIST}, digit.Preparation{Method: digit.Raw}, [3]int{28, 28, 1}
	if got, err := digit.Rows([]image.Image{a, b}, shape, mnist); err != nil || !bytes.Equal(got, append(first, second...)) {
		t.Errorf("%d bytes, error %v", len(got), err)
	}
	for _, c := range []struct {
		pictures []image.Image
		by       digit.Preparation
		says     string
	}{
		{[]image.Image{a, blank}, mnist, "picture 1: no ink is found"},
		{[]image.Image{a, b, none}, raw, "picture 2: has no pixels"},
		{[]image.Image{nil}, mnist, "picture 0: has no pixels"},
		{[]image.Image{(*digit.Picture)(nil)}, mnist, "picture 0: has no pixels"},
		{[]image.Image{image.White}, raw, "picture 0: has no pixels, or no bounds"},
		{nil, digit.Preparation{}, "nothing says how"},
	} {
		if got, err := digit.Rows(c.pictures, shape, c.by); got != nil || !errors.Is(err, digit.ErrInput) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("error %v, expected %q", err, c.says)
		}
	}
	if got, err := digit.Rows([]image.Image{blank}, shape, raw); err != nil || len(got) != 28*28 {
		t.Errorf("a black picture as it is: error %v", err)
	}
}

// TestTransparentParts are black where a picture is only scaled, and paper where
// its ink is looked for. Black ink on a transparent sheet is nothing then, and no
// black image instead.
func TestTransparentParts(t *testing.T) {
	ink := func(r, g, b uint8) *digit.Picture {
		img := image.NewNRGBA(image.Rect(0, 0, 28, 28))
		for y := 4; y < 24; y++ {
			img.SetNRGBA(13, y, color.NRGBA{r, g, b, 128})
			img.SetNRGBA(14, y, color.NRGBA{r, g, b, 255})
		}
		return digit.FromImage(img)
	}
	raw := digit.Preparation{Method: digit.Raw}
	pixels, _, err := ink(200, 30, 30).Row([3]int{28, 28, 3}, raw)
	at := func(x, y int) []uint8 { return pixels[(y*28+x)*3 : (y*28+x)*3+3] }
	if err != nil || !bytes.Equal(at(14, 10), []uint8{200, 30, 30}) || !bytes.Equal(at(13, 10), []uint8{100, 15, 15}) || !bytes.Equal(at(0, 0), []uint8{0, 0, 0}) {
		t.Errorf("red ink: %v %v %v, %v", at(14, 10), at(13, 10), at(0, 0), err)
	}
	if _, _, err := ink(0, 0, 0).Row([3]int{28, 28, 3}, raw); !errors.Is(err, digit.ErrInput) || !strings.Contains(err.Error(), "transparent") {
		t.Errorf("black ink: %v", err)
	}
	if _, _, err := digit.FromImage(image.NewNRGBA(image.Rect(0, 0, 9, 9))).Row([3]int{28, 28, 1}, raw); err != nil {
		t.Errorf("no ink at all: %v", err)
	}
	for _, p := range []*digit.Picture{ink(0, 0, 0), ink(200, 30, 30), ink(255, 255, 255)} {
		if pixels, ink := p.Normalize(); !ink || pixels[0] != 0 {
			t.Error("ink on a transparent sheet is not found")
		}
	}
}

func TestPreparationAsJSON(t *testing.T) {
	var p digit.Preparation
	if err := json.Unmarshal([]byte(`{"method":"mnist"}`), &p); err != nil || p.Method != digit.MNIST {
		t.Errorf("%v, %v", p, err)
	}
	if err := json.Unmarshal([]byte(`{"method":"posterized"}`), &p); err == nil || !strings.Contains(err.Error(), "must be raw or mnist") {
		t.Errorf("an unknown method: %v", err)
	}
}

// TestPrepared knows what Normalize makes, and a picture that it has not made.
func TestPrepared(t *testing.T) {
	made, _ := digit.FromImage(seven(60, 40, image.Rect(10, 5, 25, 22), 4, white, black)).Normalize()
	moved := append(make([]uint8, 3), made[:len(made)-3]...)
	for name, c := range map[string]struct {
		pixels []uint8
		want   bool
	}{
		"normalized": {made, true}, "moved": {moved, false}, "black": {make([]uint8, 784), false},
		"full": {bytes.Repeat([]uint8{9}, 784), false}, "short": {made[:783], false},
	} {
		if got := digit.Prepared(c.pixels); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
