package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"unsafe"
)

// channelShapes are of every kind of cut: rows that fill no vector, rows left over,
// blocks and shards that are not full, and one row.
var channelShapes = []Channels{{1, 1}, {1, 7}, {5, 3}, {64, 1}, {67, 1}, {300, 10}, {33, 16}, {700, 32}, {1100, 64}, {129, 65}, {9, 530}, {2100, 33}}

// exactMoments are ChannelMoments' in two passes of float64.
func exactMoments[T Float](s Channels, x []T) (mean, squares []float64) {
	mean, squares = make([]float64, s.C), make([]float64, s.C)
	for i, v := range x {
		mean[i%s.C] += float64(v) / float64(s.N)
	}
	for i, v := range x {
		d := float64(v) - mean[i%s.C]
		squares[i%s.C] += d * d
	}
	return mean, squares
}

func testMoments[T Float](t *testing.T, s Channels, offset, tolerance float64) {
	t.Helper()
	x := newGuarded[T](s.N*s.C, 1)
	for i := range x.s {
		x.s[i] += T(offset)
	}
	mean, squares := make([]float64, s.C), make([]float64, s.C)
	ChannelMoments(s, x.s, mean, squares)
	wantMean, wantSquares := exactMoments(s, x.s)
	for c := range mean {
		deviation := math.Sqrt(wantSquares[c] / float64(s.N))
		if d := math.Abs(mean[c] - wantMean[c]); !(d <= tolerance*(deviation+1e-3*math.Abs(wantMean[c]))) {
			t.Fatalf("%v: mean %d is %v, want %v", s, c, mean[c], wantMean[c])
		}
		if d := math.Abs(squares[c] - wantSquares[c]); !(d <= tolerance*wantSquares[c]) {
			t.Fatalf("%v: the squares of channel %d are %v, want %v", s, c, squares[c], wantSquares[c])
		}
	}
}

// TestChannelMoments: to 1e-5 of float64's in float32, also where the mean is a
// thousand times the deviation.
func TestChannelMoments(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for _, s := range channelShapes {
			for _, offset := range []float64{0, 3, -1000} {
				testMoments[float32](t, s, offset, 1e-5)
				testMoments[float64](t, s, offset, 1e-11)
			}
		}
	})
}

// TestChannelMomentsOfSortedRows: where a shard's first block is unlike the rest of it.
func TestChannelMomentsOfSortedRows(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		s := Channels{6000, 8}
		x := newGuarded[float32](s.N*s.C, 1).s
		for i := range x {
			if i/s.C < 300 {
				x[i] = 1000
			}
		}
		mean, squares := make([]float64, s.C), make([]float64, s.C)
		ChannelMoments(s, x, mean, squares)
		wantMean, want := exactMoments(s, x)
		for c := range want {
			if math.Abs(squares[c]/want[c]-1) > 1e-5 || math.Abs(mean[c]/wantMean[c]-1) > 1e-5 {
				t.Fatalf("channel %d: %v %v, want %v %v", c, mean[c], squares[c], wantMean[c], want[c])
			}
		}
	})
}

// normed are the results of all that is done with a normalization.
type normed[T Float] struct {
	y, dx        guarded[T]
	sum, product []float64
}

func normAll[T Float](s Channels, relu bool, norm func(x, mean, scale, shift, y []T), sums func(x, dy, mean, scale, shift []T, sum, product []float64), grad func(x, dy, mean, scale, shift, pull, slope, dx []T)) normed[T] {
	n := s.N * s.C
	p := func(seed uint64) []T { return newGuarded[T](s.C, seed).s }
	x, dy, out := newGuarded[T](n, 1).s, newGuarded[T](n, 2).s, normed[T]{y: newGuarded[T](n, 3), dx: newGuarded[T](n, 4), sum: make([]float64, s.C), product: make([]float64, s.C)}
	norm(x, p(5), p(6), p(7), out.y.s)
	sums(x, dy, p(5), p(6), p(7), out.sum, out.product)
	grad(x, dy, p(5), p(6), p(7), p(8), p(9), out.dx.s)
	return out
}

func testChannelNorm[T Float](t *testing.T, s Channels, relu bool) {
	t.Helper()
	what := fmt.Sprintf("%v relu %v", s, relu)
	got := normAll(s, relu, func(x, mean, scale, shift, y []T) { ChannelNorm(s, x, mean, scale, shift, y, relu) },
		func(x, dy, mean, scale, shift []T, sum, product []float64) {
			ChannelNormSums(s, x, dy, mean, scale, shift, relu, sum, product)
		},
		func(x, dy, mean, scale, shift, pull, slope, dx []T) {
			ChannelNormGrad(s, x, dy, mean, scale, shift, pull, slope, dx, relu)
		})
	want := normAll(s, relu, func(x, mean, scale, shift, y []T) { genericNorm(x, mean, scale, shift, y, relu) },
		func(x, dy, mean, scale, shift []T, sum, product []float64) {
			for n := range s.N {
				a, b := make([]T, s.C), make([]T, s.C)
				genericNormSums(x[n*s.C:(n+1)*s.C], dy[n*s.C:], mean, scale, shift, a, b, relu)
				for c := range a {
					sum[c] += float64(a[c])
					product[c] += float64(b[c])
				}
			}
		},
		func(x, dy, mean, scale, shift, pull, slope, dx []T) {
			genericNormGrad(x, dy, mean, scale, shift, pull, slope, dx, relu)
		})
	near(t, what+" y", got.y.s, want.y.s, 4)
	near(t, what+" dx", got.dx.s, want.dx.s, 4)
	got.y.check(t, what)
	got.dx.check(t, what)
	bound := 1e-5
	if _, double := any(got).(normed[float64]); double {
		bound = 1e-12
	}
	for c := range got.sum {
		if a, b := math.Abs(got.sum[c]-want.sum[c]), math.Abs(got.product[c]-want.product[c]); !(max(a, b) <= bound*math.Sqrt(float64(s.N))) {
			t.Fatalf("%s: sums of channel %d are %v and %v, want %v and %v", what, c, got.sum[c], got.product[c], want.sum[c], want.product[c])
		}
	}
}

func TestChannelNorm(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for _, s := range channelShapes {
			for _, relu := range []bool{false, true} {
				testChannelNorm[float32](t, s, relu)
				testChannelNorm[float64](t, s, relu)
			}
		}
	})
}

// TestChannelNormOfARow: what becomes of a row does not depend on those beside it, so
// that a network says the same of an image alone and among others.
func TestChannelNormOfARow(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for _, c := range []int{1, 3, 4, 16, 24, 37} {
			s := Channels{19, c}
			x, dy, p := newGuarded[float32](s.N*c, 1).s, newGuarded[float32](s.N*c, 2).s, newGuarded[float32](c, 3).s
			y, dx, row := make([]float32, s.N*c), make([]float32, s.N*c), make([]float32, c)
			ChannelNorm(s, x, p, p, p, y, false)
			ChannelNormGrad(s, x, dy, p, p, p, p, p, dx, true)
			for n := range s.N {
				one := Channels{1, c}
				ChannelNorm(one, x[n*c:(n+1)*c], p, p, p, row, false)
				if !slices.Equal(row, y[n*c:(n+1)*c]) {
					t.Fatalf("row %d of %d channels is %v alone, %v among others", n, c, row, y[n*c:(n+1)*c])
				}
				ChannelNormGrad(one, x[n*c:(n+1)*c], dy[n*c:(n+1)*c], p, p, p, p, p, row, true)
				if !slices.Equal(row, dx[n*c:(n+1)*c]) {
					t.Fatalf("the gradient of row %d of %d channels is %v alone, %v among others", n, c, row, dx[n*c:(n+1)*c])
				}
			}
		}
	})
}

// TestChannelNormKeepsNaN: where it rectifies, too, and its gradient takes it for 0.
func TestChannelNormKeepsNaN(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		s := Channels{40, 5}
		for at := range s.N * s.C {
			x, one, y, dx := newGuarded[float32](s.N*s.C, 1).s, []float32{1, 1, 1, 1, 1}, make([]float32, s.N*s.C), make([]float32, s.N*s.C)
			x[at] = float32(math.NaN())
			zero := make([]float32, s.C)
			ChannelNorm(s, x, zero, one, zero, y, true)
			ChannelNormGrad(s, x, newGuarded[float32](s.N*s.C, 2).s, zero, one, zero, zero, zero, dx, true)
			for i, v := range y {
				if math.IsNaN(float64(v)) != (i == at) || v < 0 {
					t.Fatalf("NaN at %d: y[%d] is %v", at, i, v)
				}
			}
		}
	})
}

// TestChannelNormSameBits: for any number of threads.
func TestChannelNormSameBits(t *testing.T) {
	defer SetThreads(0)
	eachImplementation(t, func(t *testing.T) {
		var want []float64
		for _, threads := range []int{1, 2, 3, 8} {
			SetThreads(threads)
			var got []float64
			for _, s := range channelShapes {
				x, dy := newGuarded[float32](s.N*s.C, 1).s, newGuarded[float32](s.N*s.C, 2).s
				p, sums := newGuarded[float32](s.C, 3).s, make([]float64, 4*s.C)
				ChannelMoments(s, x, sums[:s.C], sums[s.C:2*s.C])
				ChannelNormSums(s, x, dy, p, p, p, true, sums[2*s.C:3*s.C], sums[3*s.C:])
				dgamma, dbeta := make([]float32, s.C), make([]float32, s.C)
				rows := newGuarded[float32](s.N, 4).s
				RowNormGrad(s, x, dy, rows, rows, p, make([]float32, len(x)), dgamma, dbeta)
				for c := range dgamma {
					sums = append(sums, float64(dgamma[c]), float64(dbeta[c]))
				}
				got = append(got, sums...)
			}
			if want == nil {
				want = got
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%d threads give other bits than one", threads)
			}
		}
	})
}

// BenchmarkChannelNorm is a step of a batch normalization that rectifies: its moments,
// its output, and its gradient.
func BenchmarkChannelNorm(b *testing.B) {
	for _, s := range []Channels{{128 * 28 * 28, 32}, {128 * 14 * 14, 64}} {
		b.Run(fmt.Sprintf("rows=%d/channels=%d", s.N, s.C), func(b *testing.B) {
			n := s.N * s.C
			x, dy, y, dx := Memory(4*n), Memory(4*n), Memory(4*n), Memory(4*n)
			xs, dys, ys, dxs := floatsOf(x), floatsOf(dy), floatsOf(y), floatsOf(dx)
			copy(xs, newGuarded[float32](n, 1).s)
			copy(dys, newGuarded[float32](n, 2).s)
			p, sums := newGuarded[float32](s.C, 3).s, make([]float64, 2*s.C)
			for b.Loop() {
				ChannelMoments(s, xs, sums[:s.C], sums[s.C:])
				ChannelNorm(s, xs, p, p, p, ys, true)
				ChannelNormSums(s, xs, dys, p, p, p, true, sums[:s.C], sums[s.C:])
				ChannelNormGrad(s, xs, dys, p, p, p, p, p, dxs, true)
			}
		})
	}
}

func floatsOf(b []byte) []float32 { return unsafe.Slice((*float32)(unsafe.Pointer(&b[0])), len(b)/4) }
