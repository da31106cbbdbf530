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
