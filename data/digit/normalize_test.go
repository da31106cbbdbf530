package digit_test

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"stheno/data/digit"
)

// facts holds an image against what MNIST's have in common.
func facts(t *testing.T, pixels []uint8) {
	t.Helper()
	var box image.Rectangle
	var sum, x, y float64
	most := uint8(0)
	for i, v := range pixels {
		if v > 0 {
			box = box.Union(image.Rect(i%28, i/28, i%28+1, i/28+1))
		}
		sum, x, y = sum+float64(v), x+float64(v)*float64(i%28), y+float64(v)*float64(i/28)
		most = max(most, v)
	}
	if max(box.Dx(), box.Dy()) != 20 {
		t.Errorf("the ink's box is %v, expected a longer side of 20", box)
	}
	if math.Abs(x/sum-14) > 0.51 || math.Abs(y/sum-14) > 0.51 {
		t.Errorf("the centre of mass is (%.2f, %.2f), expected 14 and 14 but for half a pixel", x/sum, y/sum)
	}
	if most != 255 {
		t.Errorf("the strongest ink is %d, expected 255", most)
	}
}

var (
	sheet = image.Rect(150, 60, 270, 230)
	white = plain(grey(255))
	black = plain(grey(0))
)

// TestNormalize: however a picture was made, the image is the same.
func TestNormalize(t *testing.T) {
	want := normalize(t, digit.FromImage(seven(400, 300, sheet, 20, white, black)))
	facts(t, want)
	rng := rand.New(rand.NewPCG(1, 2))
	noisy := func(of func(x, y int) float64) func(x, y int) color.Color {
		return func(x, y int) color.Color { return grey(int(min(255, max(0, of(x, y)+8*rng.NormFloat64())))) }
	}
	lamp := func(x, y int) float64 { return 235 - 0.25*float64(x) - 0.15*float64(y) }
	shadow := func(x, y int) float64 { return 230 - 90/(1+math.Exp(float64(x-200)/25)) }
	specks := seven(400, 300, sheet, 20, white, black)
	for range 40 {
		specks.Set(rng.IntN(140), rng.IntN(300), color.Black)
	}
	clear := color.NRGBA{}
	for name, c := range map[string]struct {
		img  image.Image
		most float64
	}{
		"moved":              {seven(400, 300, sheet.Add(image.Pt(100, 40)), 20, white, black), 0.01},
		"twice the size":     {seven(800, 600, image.Rect(300, 120, 540, 460), 40, white, black), 0.06},
		"a huge sheet":       {seven(3000, 2200, sheet, 20, white, black), 0.15},
		"light on dark":      {seven(400, 300, sheet, 20, black, white), 0.01},
		"grey on grey":       {seven(400, 300, sheet, 20, plain(grey(180)), plain(grey(120))), 0.02},
		"yellow on blue":     {seven(400, 300, sheet, 20, plain(color.NRGBA{0, 0, 200, 255}), plain(color.NRGBA{250, 240, 0, 255})), 0.02},
		"no paper around":    {seven(400, 300, sheet, 20, white, black).SubImage(sheet.Inset(-11)), 0.01},
		"cropped":            {seven(400, 300, sheet, 20, white, black).SubImage(sheet.Inset(-10)), 0.06},
		"dark on clear":      {seven(400, 300, sheet, 20, plain(clear), black), 0.02},
		"light on clear":     {seven(400, 300, sheet, 20, plain(color.NRGBA{255, 255, 255, 0}), white), 0.02},
		"noise":              {seven(400, 300, sheet, 20, noisy(func(int, int) float64 { return 220 }), noisy(func(int, int) float64 { return 60 })), 0.12},
		"light from a side":  {seven(400, 300, sheet, 20, noisy(lamp), noisy(func(x, y int) float64 { return lamp(x, y) / 4 })), 0.15},
		"a shadow's edge":    {seven(400, 300, sheet, 20, noisy(shadow), noisy(func(x, y int) float64 { return shadow(x, y) / 4 })), 0.15},
		"specks":             {specks, 0.01},
		"a card's corners":   {corners(seven(400, 300, sheet, 20, plain(grey(230)), plain(grey(20)))), 0.02},
		"a dark card's ones": {corners(seven(400, 300, sheet, 20, plain(grey(20)), plain(grey(230)))), 0.02},
	} {
		t.Run(name, func(t *testing.T) {
			got := normalize(t, digit.FromImage(c.img))
			facts(t, got)
			if d := apart(want, got); d > c.most {
				t.Errorf("the image is %.3f apart from the plain one, expected %.2f at most\n%s", d, c.most, show(got))
			}
		})
	}
	for _, quality := range []int{95, 60, 25} {
		got := normalize(t, decode(t, asJPEG(t, seven(400, 300, sheet, 20, plain(color.NRGBA{240, 230, 200, 255}), plain(color.NRGBA{30, 40, 120, 255})), quality)))
		facts(t, got)
		if d := apart(want, got); d > 0.06 {
			t.Errorf("JPEG of quality %d: %.3f apart", quality, d)
		}
	}
}

// corners makes the corners of a picture transparent.
func corners(img *image.NRGBA) image.Image {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	for y := range h {
		for x := range w {
			if min(x, w-1-x)+min(y, h-1-y) < 30 {
				img.SetNRGBA(x, y, color.NRGBA{})
			}
		}
	}
	return img
}

func show(pixels []uint8) (s string) {
	for y := range 28 {
		for x := range 28 {
			s += string(" .:-=+*#%@"[int(pixels[y*28+x])*9/255])
		}
		s += "\n"
	}
	return s
}

// TestThinLines: a pen of one or two pixels on a large sheet leaves a line that
// MNIST could have.
func TestThinLines(t *testing.T) {
	for _, width := range []float64{1, 2, 5} {
		got := normalize(t, digit.FromImage(seven(800, 800, image.Rect(100, 100, 600, 700), width, white, black)))
		facts(t, got)
		strong := 0
		for _, v := range got {
			if v > 128 {
				strong++
			}
		}
		if strong < 35 || strong > 80 {
			t.Errorf("a pen of %v pixels: %d strong pixels\n%s", width, strong, show(got))
		}
	}
}

// TestOddShapes: all ink is inside, whatever its form.
func TestOddShapes(t *testing.T) {
	for name, line := range map[string][2]image.Point{
		"|": {{50, 10}, {50, 90}}, "-": {{10, 50}, {90, 50}}, "/": {{10, 90}, {90, 10}},
	} {
		img := image.NewGray(image.Rect(0, 0, 100, 100))
		for y := range 100 {
			for x := range 100 {
				if distance(x, y, line[0], line[1]) < 5 {
					img.Pix[y*100+x] = 255
				}
			}
		}
		t.Run(name, func(t *testing.T) { facts(t, normalize(t, digit.FromImage(img))) })
	}
	nail := image.NewGray(image.Rect(0, 0, 100, 100)) // its mass is all at one end
	for y := 10; y < 90; y++ {
		for x := 5; x < 95; x++ {
			if x < 21 || y > 47 && y < 53 {
				nail.Pix[y*100+x] = 255
			}
		}
	}
	got := normalize(t, digit.FromImage(nail))
	var box image.Rectangle
	for i, v := range got {
		if v > 0 {
			box = box.Union(image.Rect(i%28, i/28, i%28+1, i/28+1))
		}
	}
	if box.Min.X != 8 || box.Max.X != 28 {
		t.Errorf("the nail's box is %v, expected 20 pixels at the right rim\n%s", box, show(got))
	}
}

// TestNoInk: what shows nothing is said to show nothing.
func TestNoInk(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	fill := func(w, h int, of func(x, y int) uint8) *image.Gray {
		img := image.NewGray(image.Rect(0, 0, w, h))
		for i := range img.Pix {
			img.Pix[i] = of(i%w, i/w)
		}
		return img
	}
	paper := func(x, y int) uint8 { return uint8(230 - x/4 - y/8 + int(5*rng.NormFloat64())) }
	for name, img := range map[string]image.Image{
		"1 x 1":     fill(1, 1, func(int, int) uint8 { return 77 }),
		"2 x 1":     fill(2, 1, func(x, y int) uint8 { return uint8(200 * x) }),
		"1 x 500":   fill(1, 500, func(int, int) uint8 { return 0 }),
		"white":     fill(300, 200, func(int, int) uint8 { return 255 }),
		"black":     fill(300, 200, func(int, int) uint8 { return 0 }),
		"grey":      fill(28, 28, func(int, int) uint8 { return 128 }),
		"paper":     fill(300, 200, paper),
		"noise":     fill(300, 200, func(int, int) uint8 { return uint8(rng.IntN(256)) }),
		"gradient":  fill(300, 200, func(x, y int) uint8 { return uint8(x / 2) }),
		"one pixel": fill(300, 200, func(x, y int) uint8 { return map[bool]uint8{true: 255}[x == 9 && y == 9] }),
		"clear":     image.NewNRGBA(image.Rect(0, 0, 50, 50)),
	} {
		pixels, ink := digit.FromImage(img).Normalize()
		if ink || len(pixels) != 784 || apart(make([]uint8, 784), pixels) != 0 {
			t.Errorf("%s: ink is found\n%s", name, show(pixels))
		}
	}
	if _, ink := decode(t, asJPEG(t, fill(300, 200, paper), 50)).Normalize(); ink {
		t.Error("JPEG of paper: ink is found")
	}
}

// TestScale averages areas, and leaves a picture of the right size as it is.
func TestScale(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 4, 2))
	for i := range 8 {
		img.SetNRGBA(i%4, i/4, color.NRGBA{uint8(10 * i), uint8(20 * i), 7, 255})
	}
	p := digit.FromImage(img)
	for _, c := range []struct {
		shape [3]int
		want  []uint8
	}{
		{[3]int{2, 4, 3}, []uint8{0, 0, 7, 10, 20, 7, 20, 40, 7, 30, 60, 7, 40, 80, 7, 50, 100, 7, 60, 120, 7, 70, 140, 7}},
		{[3]int{1, 2, 3}, []uint8{25, 50, 7, 45, 90, 7}},
		{[3]int{1, 3, 3}, []uint8{23, 45, 7, 35, 70, 7, 48, 95, 7}}, // columns of 4/3: (20 + 30/3)/(4/3) = 22.5
		{[3]int{1, 1, 1}, []uint8{52}},                              // 0.299 * 35 + 0.587 * 70 + 0.114 * 7
	} {
		if got := p.Scale(c.shape); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%v: %v, expected %v", c.shape, got, c.want)
		}
	}
	mnist := image.NewGray(image.Rect(0, 0, 28, 28))
	for i := range mnist.Pix {
		mnist.Pix[i] = uint8(i)
	}
	if got := digit.FromImage(mnist).Scale([3]int{28, 28, 1}); fmt.Sprint(got) != fmt.Sprint(mnist.Pix) {
		t.Error("a raw image of the right size has changed")
	}
}
