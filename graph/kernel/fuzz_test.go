package kernel

import (
	"math"
	"testing"
)

// The fuzz targets hold every implementation to the generic loops on shapes that
// nobody has chosen, between canaries and at odd offsets. For a minute each:
//
//	for f in Gemm Skip Convolve Elementwise; do go test -run '^$' -fuzz "^Fuzz$f\$" -fuzztime 1m ./graph/kernel; done
//
// FuzzSkip is in skip_amd64_test.go, with what it needs.

func FuzzGemm(f *testing.F) {
	f.Add(uint16(128), uint16(10), uint16(512), uint8(0), uint8(1))
	f.Add(uint16(33), uint16(128), uint16(1024), uint8(1), uint8(2))
	f.Add(uint16(7), uint16(257), uint16(31), uint8(2), uint8(3))
	f.Fuzz(func(t *testing.T, m, n, k uint16, mode uint8, threads uint8) {
		mi, ni, ki := 1+int(m)%140, 1+int(n)%140, 1+int(k)%1100
		ta, tb := Transpose(mode&1 != 0), Transpose(mode&2 != 0)
		defer SetThreads(0)
		SetThreads(1 + int(threads%4))
		forEachImplementation(t, func() {
			testGemm[float32](t, mi, ni, ki, ta, tb)
			testAffine[float32](t, mi, ni, ki, mode&4 != 0)
		})
	})
}

func FuzzConvolve(f *testing.F) {
	f.Add(uint8(2), uint8(26), uint8(26), uint8(32), uint8(3), uint8(3), uint8(64), true)
	f.Add(uint8(3), uint8(9), uint8(14), uint8(1), uint8(2), uint8(5), uint8(7), false)
	f.Add(uint8(17), uint8(4), uint8(11), uint8(16), uint8(3), uint8(3), uint8(16), true)
	f.Fuzz(func(t *testing.T, n, h, w, c, kh, kw, filters uint8, relu bool) {
		s := Conv{N: 1 + int(n)%10, KH: 1 + int(kh)%5, KW: 1 + int(kw)%5, C: 1 + int(c)%40, F: 1 + int(filters)%40}
		s.H, s.W = s.KH+int(h)%14, s.KW+int(w)%14
		forEachImplementation(t, func() {
			testConvolve[float32](t, s, Direct, relu)
			if s.KH == 3 && s.KW == 3 {
				testConvolve[float32](t, s, Winograd, relu)
			}
		})
	})
}

func FuzzElementwise(f *testing.F) {
	f.Add(uint8(5), uint8(37), uint64(1), uint32(0x7fc00000))
	f.Add(uint8(1), uint8(255), uint64(2), uint32(0xff800000))
	f.Fuzz(func(t *testing.T, n, o uint8, seed uint64, bits uint32) {
		ni, oi := int(n)%20, 1+int(o)
		forEachImplementation(t, func() { testElementwiseOn(t, ni, oi, seed, math.Float32frombits(bits)) })
	})
}

// forEachImplementation runs f on all implementations that the machine has.
func forEachImplementation(t *testing.T, f func()) {
	t.Helper()
	was := Implementation()
	defer Use(was)
	for _, name := range Implementations() {
		if err := Use(name); err != nil {
			t.Fatal(err)
		}
		f()
	}
}
