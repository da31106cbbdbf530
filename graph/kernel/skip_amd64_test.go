//go:build !purego

package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// skipShapes are products of every kind of cut: m, n, k.
var skipShapes = [][3]int{
	{1, 8, 1}, {1, 512, 784}, {8, 72, 130}, {2, 128, 5000}, {9, 8, 129}, {128, 512, 784}, {784, 64, 128},
	{131, 200, 257}, {300, 24, 1100}, {40, 128, 4100}, {1100, 16, 1030}, {1100, 72, 1000},
}

// tilesHere are the instruction sets that this machine has.
func tilesHere() map[string]*tiles {
	all := map[string]*tiles{"avx2": &avx2.tiles, "avx512": &avx512.tiles}
	for name := range all {
		if Use(name) != nil {
			delete(all, name)
		}
	}
	return all
}

// sprinkled is guarded numbers of which a share is not zero, or, with a share
// below zero, a single one.
func sprinkled(n int, share float64, seed uint64) guarded[float32] {
	g, rng := newGuarded[float32](n, seed), rand.New(rand.NewPCG(seed, 1))
	only := rng.IntN(n)
	for i := range g.s {
		if share < 0 && i != only || share >= 0 && rng.Float64() >= share {
			g.s[i] = float32(math.Copysign(0, float64(i%2)-1))
		}
	}
	return g
}

// testSkip holds a product that skips zeros to the dense one, bit for bit but for
// the sign of a zero.
func testSkip(t *testing.T, m, n, k int, ta, tb Transpose, share float64, ending bool) {
	t.Helper()
	what := fmt.Sprintf("m %d n %d k %d ta %v tb %v share %v ending %v", m, n, k, ta, tb, share, ending)
	a, b, bias := sprinkled(m*k, share, 1), newGuarded[float32](k*n, 2), newGuarded[float32](n, 3)
	for name, set := range tilesHere() {
		got, want := newGuarded[float32](m*n, 4), newGuarded[float32](m*n, 5)
		of := func(c []float32) *product {
			p := &product{tiles: set, ta: ta, tb: tb, m: m, n: n, k: k, a: a.s, b: b.s, c: c}
			if ending {
				p.bias, p.relu = bias.s, true
			}
			p.plan()
			return p
		}
		p := of(got.s)
		p.sharded(p.skip)
		p = of(want.s)
		p.sharded(p.dense)
		same(t, name+" "+what, got.s, want.s)
		got.check(t, name+" "+what)
	}
}

func TestSkippingZerosChangesNoBit(t *testing.T) {
	defer Use(Implementation())
	for _, s := range skipShapes {
		for mode := range 4 {
			ta, tb := Transpose(mode&1 != 0), Transpose(mode&2 != 0)
			if s[0] <= fewRows && tb {
				continue // always dense
			}
			for _, share := range []float64{0, -1, 0.19, 0.5, 1} {
				testSkip(t, s[0], s[1], s[2], ta, tb, share, !bool(ta))
			}
		}
	}
}

func FuzzSkip(f *testing.F) {
	f.Add(uint16(128), uint8(64), uint16(784), uint8(0), uint8(50))
	f.Add(uint16(784), uint8(3), uint16(128), uint8(1), uint8(0))
	f.Add(uint16(1), uint8(16), uint16(4999), uint8(4), uint8(200))
	f.Fuzz(func(t *testing.T, m uint16, n uint8, k uint16, mode, share uint8) {
		defer Use(Implementation())
		mi, ni, ki := 1+int(m)%300, 8*(1+int(n)%20), 1+int(k)%5000
		testSkip(t, mi, ni, ki, Transpose(mode&1 != 0), Transpose(mode&2 != 0 && mi > fewRows), float64(share)/255, mode&4 != 0)
	})
}

// TestSkippingIsChosen by what a holds, and by it alone.
func TestSkippingIsChosen(t *testing.T) {
	for _, c := range []struct {
		m, n, k int
		share   float64
		ta, tb  Transpose
		want    bool
	}{
		{128, 512, 784, 0.19, NoTrans, NoTrans, true}, {128, 512, 784, 0.19, NoTrans, Trans, true},
		{128, 512, 784, 0.55, NoTrans, NoTrans, true}, {128, 512, 784, 0.65, NoTrans, NoTrans, false},
		{784, 512, 128, 0.55, Trans, NoTrans, true}, {784, 512, 128, 0.65, Trans, NoTrans, false},
		{9216, 128, 128, 0.45, Trans, NoTrans, true}, {9216, 128, 128, 0.55, Trans, NoTrans, false},
		{128, 10, 512, 0, NoTrans, NoTrans, false}, {1, 512, 784, 1, NoTrans, NoTrans, true}, {1, 512, 784, 0, NoTrans, Trans, false},
		{1, 128, 36864, 0.5, NoTrans, NoTrans, true}, {1, 128, 36864, 1, NoTrans, NoTrans, false},
	} {
		p := product{tiles: &avx2.tiles, ta: c.ta, tb: c.tb, m: c.m, n: c.n, k: c.k, a: sprinkled(c.m*c.k, c.share, 1).s}
		p.plan()
		if got := p.skips(); got != c.want {
			t.Errorf("%+v: skips %v", c, got)
		}
	}
}

// TestListRow at all lengths, with special numbers: what is not zero is listed in
// order, and nothing is written beyond as many as there are.
func TestListRow(t *testing.T) {
	if Use("avx2") != nil {
		t.Skip("the CPU lacks AVX2")
	}
	defer Use(Implementation())
	special := []float32{float32(math.NaN()), float32(math.Inf(-1)), math.SmallestNonzeroFloat32, float32(math.Copysign(0, -1))}
	for n := range 258 {
		x := sprinkled(max(1, n), 0.4, uint64(n)).s[:n]
		if n > 0 {
			x[n/2] = special[n%len(special)]
		}
		places, values := newGuarded[float32](max(1, n), 1), newGuarded[float32](max(1, n), 2)
		got := listRow(x, 12, integers(places.s), values.s)
		places.check(t, "places")
		values.check(t, "values")
		count := 0
		for i, v := range x {
			if v == 0 {
				continue
			}
			if at := integers(places.s)[count]; at != int32(12*i) || math.Float32bits(values.s[count]) != math.Float32bits(v) {
				t.Fatalf("length %d: number %d is %v at %d, want %v at %d", n, count, values.s[count], at, v, 12*i)
			}
			count++
		}
		if got != count {
			t.Fatalf("length %d: %d numbers are listed, want %d", n, got, count)
		}
	}
}

func TestSkippingAllocatesNothingOfABatchsSize(t *testing.T) {
	const m, n, k = 128, 64, 200
	a, b, c := sprinkled(m*k, 0.2, 1).s, newGuarded[float32](k*n, 2).s, make([]float32, m*n)
	if allocations := testing.AllocsPerRun(5, func() { Gemm(NoTrans, NoTrans, m, n, k, a, b, c) }); allocations > 6 {
		t.Errorf("%v allocations", allocations)
	}
}
