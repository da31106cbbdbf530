package report

import (
	"bytes"
	"encoding/base64"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"math"
)

// picture is a small image, stored as PNG.
type picture struct {
	width, height int
	png           []byte
}

func encode(img image.Image) picture {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic("report: an image in memory cannot be encoded: " + err.Error()) // only its size could be wrong
	}
	return picture{img.Bounds().Dx(), img.Bounds().Dy(), b.Bytes()}
}

// uri is the picture as a URL that holds it.
func (p picture) uri() template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(p.png))
}

// pixelPicture shows an image (H,W,C) as it is; of channels, RGB or the first.
func pixelPicture(pixels []uint8, shape [3]int) picture {
	h, w, c := shape[0], shape[1], shape[2]
	if c != 3 {
		img := image.NewGray(image.Rect(0, 0, w, h))
		for i := range h * w {
			img.Pix[i] = pixels[i*c]
		}
		return encode(img)
	}
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range h * w {
		img.SetNRGBA(i%w, i/w, color.NRGBA{pixels[3*i], pixels[3*i+1], pixels[3*i+2], 255})
	}
	return encode(img)
}

// weightPicture shows weights (H,W), symmetrically about zero: blue below,
// white at zero, red above, full at the largest of them.
func weightPicture(weights []float64, width int) picture {
	largest := 0.0
	for _, w := range weights {
		if v := math.Abs(w); v > largest && !math.IsInf(v, 0) {
			largest = v
		}
	}
	img := image.NewNRGBA(image.Rect(0, 0, width, len(weights)/width))
	for i, w := range weights {
		v := 0.0
		if largest > 0 && !math.IsNaN(w) {
			v = max(-1, min(1, w/largest))
		}
		img.SetNRGBA(i%width, i/width, diverging(v))
	}
	return encode(img)
}

// The ends of the diverging colours, from ColorBrewer's RdBu.
var (
	below  = [3]float64{33, 102, 172}
	middle = [3]float64{247, 247, 247}
	above  = [3]float64{178, 24, 43}
)

// diverging is the colour of v in [-1,1].
func diverging(v float64) color.NRGBA {
	end := above
	if v < 0 {
		end, v = below, -v
	}
	mix := func(i int) uint8 { return uint8(math.Round(middle[i] + v*(end[i]-middle[i]))) }
	return color.NRGBA{mix(0), mix(1), mix(2), 255}
}
