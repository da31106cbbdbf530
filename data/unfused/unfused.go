// Package unfused has functions of package math as they are without fused
// multiply-adds. A compiler may compute x*y + z in one rounding, and does so for
// GOAMD64=v3, arm64 and others; math's own functions have other last bits there.
// These have the same ones everywhere: each product is rounded by a conversion,
// which the language forbids to fuse. What a run computes beside its kernels must
// not depend on how the program was built.
//
// There is no Pow here: the one sum in math.Pow that a compiler fuses adds a rounded
// square to that square, and is twice the rounded one whether it is fused or not.
package unfused

import "math"

// The coefficients of Cephes's sine and cosine on [-π/4, π/4] (Moshier, 1989),
// and π/4 in three parts. math.Sincos has the same.
var (
	sine   = [...]float64{1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6, -1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1}
	cosine = [...]float64{-1.13585365213876817300e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7, 2.48015872888517045348e-5, -1.38888888888730564116e-3, 4.16666666666665929218e-2}
)

const (
	quarter1 = 7.85398125648498535156e-1
	quarter2 = 3.77489470793079817668e-8
	quarter3 = 2.69515142907905952645e-15
)

// Sincos is the sine and the cosine of x, for x between -2^29 and 2^29: their bits
// are those of math.Sincos where nothing is fused.
func Sincos(x float64) (sin, cos float64) {
	if x == 0 {
		return x, 1
	}
	away := math.Abs(x)
	octant := uint64(away * (4 / math.Pi))
	octant += octant & 1
	n := float64(octant)
	z := away - float64(n*quarter1)
	z -= float64(n * quarter2)
	z -= float64(n * quarter3)
	zz := float64(z * z)
	cos = 1 - float64(0.5*zz)
	cos += float64(float64(zz*zz) * polynomial(&cosine, zz))
	sin = z + float64(float64(z*zz)*polynomial(&sine, zz))
	octant &= 7
	if octant == 2 || octant == 6 {
		sin, cos = cos, sin
	}
	if octant == 4 || octant == 6 {
		sin = -sin
	}
	if octant == 2 || octant == 4 {
		cos = -cos
	}
	if x < 0 {
		sin = -sin
	}
	return sin, cos
}

// Cos is the cosine of Sincos.
func Cos(x float64) float64 {
	_, cos := Sincos(x)
	return cos
}

func polynomial(coefficients *[6]float64, x float64) (y float64) {
	for _, c := range coefficients {
		y = float64(y*x) + c
	}
	return y
}
