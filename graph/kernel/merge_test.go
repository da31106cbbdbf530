package kernel

import (
	"math"
	"slices"
	"testing"
)

// TestMovesStayWithin: what puts numbers elsewhere does it in all blocks, whatever
// threads there are, and writes nothing beside them.
func TestMovesStayWithin(t *testing.T) {
	defer SetThreads(0)
	for _, threads := range []int{1, 3} {
		SetThreads(threads)
		testConcatenate(t)
		testBorder(t)
		testBroadcast(t)
	}
}

func testConcatenate(t *testing.T) {
	const rows = 1000
	widths := []int{3, 1, 20}
	y := newGuarded[float32](rows*24, 1)
	var xs, back []guarded[float32]
	for k, w := range widths {
		xs, back = append(xs, newGuarded[float32](rows*w, uint64(k))), append(back, newGuarded[float32](rows*w, 9))
	}
	Concatenate(rows, widths, y.s, xs[0].s, xs[1].s, xs[2].s)
	Split(rows, widths, y.s, back[0].s, nil, back[2].s)
	at := 0
	for r := range rows {
		for k, w := range widths {
			for i := range w {
				if y.s[at] != xs[k].s[r*w+i] {
					t.Fatalf("row %d, input %d, number %d: %v, want %v", r, k, i, y.s[at], xs[k].s[r*w+i])
				}
				at++
			}
		}
	}
	y.check(t, "Concatenate")
	for _, k := range []int{0, 2} {
		if back[k].check(t, "Split"); !slices.Equal(back[k].s, xs[k].s) {
			t.Errorf("Split of %d is not what was put there", k)
		}
	}
}

func testBorder(t *testing.T) {
	b := Border{N: 30, H: 13, W: 9, C: 5, Top: 1, Bottom: 2, Left: 3, Right: 0}
	x, y, back := newGuarded[float32](30*13*9*5, 1), newGuarded[float32](30*16*12*5, 2), newGuarded[float32](30*13*9*5, 3)
	Pad(b, x.s, y.s)
	for i, v := range y.s {
		c, w, h, n := i%5, i/5%12, i/60%16, i/960
		var want float32
		if h >= 1 && h < 14 && w >= 3 {
			want = x.s[((n*13+h-1)*9+w-3)*5+c]
		}
		if v != want {
			t.Fatalf("Pad: image %d, pixel %d, %d, channel %d: %v, want %v", n, h, w, c, v, want)
		}
	}
	Crop(b, y.s, back.s)
	if !slices.Equal(back.s, x.s) {
		t.Error("Crop of what Pad has put there is something else")
	}
	y.check(t, "Pad")
	back.check(t, "Crop")
}

func testBroadcast(t *testing.T) {
	to := []int{30, 5, 7, 24}
	for _, from := range [][]int{{30, 1, 1, 24}, {30, 5, 7, 1}, {30, 1, 7, 1}, {30, 5, 1, 24}, {30, 1, 1, 1}, to} {
		n := sizeOf(from)
		x, y, dx := newGuarded[float32](n, 1), newGuarded[float32](sizeOf(to), 2), newGuarded[float32](n, 3)
		sums := make([]float32, n)
		Broadcast(from, to, x.s, y.s)
		for i, v := range y.s {
			index, at := [4]int{i / (24 * 7 * 5), i / (24 * 7) % 5, i / 24 % 7, i % 24}, 0
			for axis, size := range from {
				at = at*size + index[axis]%size
			}
			if v != x.s[at] {
				t.Fatalf("%v to %v: number %d is %v, want %v", from, to, i, v, x.s[at])
			}
			sums[at] += v
		}
		BroadcastGrad(from, to, y.s, dx.s)
		near(t, "BroadcastGrad", dx.s, sums, sizeOf(to)/n)
		y.check(t, "Broadcast")
		dx.check(t, "BroadcastGrad")
	}
}

// TestExtremeOfNaN: it is the largest and the smallest, and its gradient TensorFlow's,
// that of what stands behind it.
func TestExtremeOfNaN(t *testing.T) {
	nan := math.NaN()
	xs, dy := [][]float64{{1, nan, nan, 1}, {nan, 1, nan, 1}}, []float64{1, 10, 100, 1000}
	for _, least := range []bool{false, true} {
		y, a, b := make([]float64, 4), make([]float64, 4), make([]float64, 4)
		Extreme(y, least, xs...)
		ExtremeGrad([][]float64{a, b}, dy, least, xs...)
		if !math.IsNaN(y[0]+0*y[3]) || !math.IsNaN(y[1]) || !math.IsNaN(y[2]) || y[3] != 1 {
			t.Errorf("least %v: %v", least, y)
		}
		if !slices.Equal(a, []float64{0, 0, 0, 1000}) || !slices.Equal(b, []float64{1, 10, 100, 0}) {
			t.Errorf("least %v: gradients %v and %v", least, a, b)
		}
	}
}

func TestSumAbsAndSigns(t *testing.T) {
	x := newGuarded[float32](40_001, 1)
	x.s[7], x.s[8], x.s[9] = 0, float32(math.Copysign(0, -1)), -2
	want := 0.0
	for _, v := range x.s {
		want += math.Abs(float64(v))
	}
	if sum := SumAbs(x.s); math.Abs(sum-want) > 1e-9*want {
		t.Errorf("SumAbs is %v, want %v", sum, want)
	}
	y := newGuarded[float32](len(x.s), 2)
	Signs(y.s, x.s, 0.5)
	for i, v := range x.s {
		sign := map[bool]float32{true: 0.5}[v > 0] - map[bool]float32{true: 0.5}[v < 0]
		if y.s[i] != sign {
			t.Fatalf("sign of %v is %v", v, y.s[i])
		}
	}
	y.check(t, "Signs")
	Signs(y.s[:1], []float32{float32(math.NaN())}, 1)
	if y.s[0] == y.s[0] {
		t.Error("a NaN has a sign")
	}
}
