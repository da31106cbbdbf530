package digit_test

import (
	"fmt"
	"image"
	"testing"

	"stheno/data/digit"
)

func BenchmarkNormalize(b *testing.B) {
	for _, side := range []int{28, 280, 1000, 4000} {
		p := digit.FromImage(seven(side, side, image.Rect(side/4, side/5, side*2/3, side*5/6), float64(side)/16, white, black))
		b.Run(fmt.Sprint("side=", side), func(b *testing.B) {
			for b.Loop() {
				p.Normalize()
			}
		})
	}
}

// BenchmarkPad is a drawing as the server's page sends it.
func BenchmarkPad(b *testing.B) {
	img := image.NewGray(image.Rect(0, 0, 140, 140))
	for y := range 100 {
		for x := range 10 {
			img.Pix[(20+y)*140+50+x+y/4] = uint8(255 - 25*max(0, 5-x))
		}
	}
	p := digit.FromImage(img)
	for b.Loop() {
		p.Normalize()
	}
}
