package kernel

import (
	"math"
	"testing"
)

// TestZeros: products of which the left operand is mostly zeros, on every
// implementation, are what the plain loops say.
func TestZeros(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for _, s := range [][3]int{{128, 64, 100}, {17, 37, 300}, {1, 128, 784}, {300, 16, 1500}} {
			m, n, k := s[0], s[1], s[2]
			for mode := range 4 {
				ta, tb := Transpose(mode&1 != 0), Transpose(mode&2 != 0)
				a, b, c, want := mostlyZeros(m*k), newGuarded[float32](k*n, 2), newGuarded[float32](m*n, 3), make([]float32, m*n)
				Gemm(ta, tb, m, n, k, a, b.s, c.s)
				genericGemm(ta, tb, m, n, k, a, b.s, want)
				near(t, "Gemm", c.s, want, k)
				c.check(t, "Gemm")
				bias := newGuarded[float32](n, 4)
				Affine(m, n, k, a, b.s, bias.s, c.s, true)
				genericAffine(m, n, k, a, b.s, bias.s, want, true)
				near(t, "Affine", c.s, want, k)
				c.check(t, "Affine")
			}
		}
	})
}

// mostlyZeros are n numbers of which a few are not zero.
func mostlyZeros(n int) []float32 {
	x := newGuarded[float32](n, 1).s
	for i := range x {
		if x[i] < 0.7 {
			x[i] = 0
		}
	}
	return x
}

// TestNaNAndInfBesideZeros: a number that is not finite is seen wherever it meets
// one that is not zero; beside a zero it may be seen or not.
func TestNaNAndInfBesideZeros(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		const m, n, k = 40, 72, 130
		b, clean, c := newGuarded[float32](k*n, 2).s, make([]float32, m*n), make([]float32, m*n)
		a := mostlyZeros(m * k)
		Gemm(NoTrans, NoTrans, m, n, k, a, b, clean)
		for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
			for l := 0; l < k; l += 7 {
				was := b[l*n+n/2]
				b[l*n+n/2] = bad
				Gemm(NoTrans, NoTrans, m, n, k, a, b, c)
				b[l*n+n/2] = was
				for i, v := range c {
					finite := v-v == 0
					met, beside := i%n == n/2 && a[i/n*k+l] != 0, i%n == n/2
					if met && finite || !met && v != clean[i] && !(beside && !finite) {
						t.Fatalf("%v in row %d of b: c[%d,%d] is %v beside %v of a, without it %v", bad, l, i/n, i%n, v, a[i/n*k+l], clean[i])
					}
				}
			}
			a[7*k+9] = bad
			Gemm(NoTrans, NoTrans, m, n, k, a, b, c)
			a[7*k+9] = 0
			Gemm(NoTrans, NoTrans, m, n, k, a, b, clean)
			for i, v := range c {
				if finite := v-v == 0; finite == (i/n == 7) || finite && v != clean[i] {
					t.Fatalf("%v in row 7 of a: c[%d,%d] is %v", bad, i/n, i%n, v)
				}
			}
		}
	})
}

// TestZerosHaveTheSameBitsForAnyNumberOfThreads, in every kind of cut.
func TestZerosHaveTheSameBitsForAnyNumberOfThreads(t *testing.T) {
	defer SetThreads(0)
	eachImplementation(t, func(t *testing.T) {
		if Implementation() == "generic" {
			return // plain loops on one thread
		}
		for _, s := range [][3]int{{300, 200, 100}, {1, 512, 784}, {3, 128, 5000}, {140, 128, 4100}, {1100, 16, 1030}} {
			m, n, k := s[0], s[1], s[2]
			a, b := mostlyZeros(m*k), newGuarded[float32](k*n, 5).s
			for mode := range 4 {
				want, c := make([]float32, m*n), make([]float32, m*n)
				for _, threads := range []int{1, 2, 3, 8} {
					SetThreads(threads)
					Gemm(Transpose(mode&1 != 0), Transpose(mode&2 != 0), m, n, k, a, b, c)
					if threads == 1 {
						copy(want, c)
					}
					for i := range want {
						if math.Float32bits(c[i]) != math.Float32bits(want[i]) {
							t.Fatalf("m %d n %d k %d mode %d, %d threads: element %d is %v, with one thread %v", m, n, k, mode, threads, i, c[i], want[i])
						}
					}
				}
			}
		}
	})
}
