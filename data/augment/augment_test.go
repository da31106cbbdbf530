package augment

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// reference is the definition of the package's documentation in float64, pixel
// by pixel, with the draws of a key.
func reference(s Spec, shape [3]int, pixels []uint8, k Key) []float64 {
	h, w, c := shape[0], shape[1], shape[2]
	random := newStream(k)
	var a Affine
	if s.Affine != nil {
		a = *s.Affine
	}
	angle, shear := random.within(a.Rotate)*math.Pi/180, random.within(a.Shear)
	sx, sy := 1+random.within(a.Scale), 1+random.within(a.Scale)
	tx, ty := random.within(a.Shift), random.within(a.Shift)
	// A = R S Z, and its inverse by Cramer's rule.
	sin, cos := math.Sin(angle), math.Cos(angle)
	a11, a12 := cos*sx, (cos*shear-sin)*sy
	a21, a22 := sin*sx, (sin*shear+cos)*sy
	det := a11*a22 - a12*a21
	ux, uy := make([]float64, h*w), make([]float64, h*w)
	if s.Elastic != nil {
		for i := range ux {
			z := random.next()
			ux[i], uy[i] = float64(int32(z>>32))/(1<<31), float64(int32(z))/(1<<31)
		}
		ux, uy = smoothed(*s.Elastic, ux, h, w), smoothed(*s.Elastic, uy, h, w)
	}
	at := func(x, y, ch int) float64 {
		if x < 0 || x >= w || y < 0 || y >= h {
			return 0
		}
		return float64(pixels[(y*w+x)*c+ch]) / 255
	}
	cx, cy := float64(w-1)/2, float64(h-1)/2
	out := make([]float64, h*w*c)
	for y := range h {
		for x := range w {
			px, py := float64(x)-cx-tx, float64(y)-cy-ty
			qx := cx + (a22*px-a12*py)/det + ux[y*w+x]
			qy := cy + (-a21*px+a11*py)/det + uy[y*w+x]
			ix, iy := int(math.Floor(qx)), int(math.Floor(qy))
			fx, fy := qx-math.Floor(qx), qy-math.Floor(qy)
			for ch := range c {
				out[(y*w+x)*c+ch] = (1-fy)*((1-fx)*at(ix, iy, ch)+fx*at(ix+1, iy, ch)) + fy*((1-fx)*at(ix, iy+1, ch)+fx*at(ix+1, iy+1, ch))
			}
		}
	}
	return out
}

// smoothed is alpha times the noise after the Gaussian, tap by tap.
func smoothed(e Elastic, noise []float64, h, w int) []float64 {
	g := func(d int) float64 { return math.Exp(-float64(d*d) / (2 * e.Sigma * e.Sigma)) }
	sum := 0.0
	for d := -2000; d <= 2000; d++ {
		sum += g(d)
	}
	across, out := make([]float64, h*w), make([]float64, h*w)
	for y := range h {
		for x := range w {
			for j := range w {
				across[y*w+x] += g(x-j) / sum * noise[y*w+j]
			}
		}
	}
	for y := range h {
		for x := range w {
			for j := range h {
				out[y*w+x] += e.Alpha * g(y-j) / sum * across[j*w+x]
			}
		}
	}
	return out
}

// parse is a Spec that the test has written.
func parse(t testing.TB, text string) Spec {
	t.Helper()
	s, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// noisy is an image whose neighbours differ as much as they can.
func noisy(shape [3]int) []uint8 {
	rng := rand.New(rand.NewPCG(3, uint64(shape[0])))
	pixels := make([]uint8, shape[0]*shape[1]*shape[2])
	for i := range pixels {
		pixels[i] = uint8(rng.IntN(256))
	}
	return pixels
}

func TestDistortIsTheDefinition(t *testing.T) {
	for _, shape := range [][3]int{{28, 28, 1}, {1, 1, 1}, {1, 9, 1}, {7, 1, 3}, {5, 12, 3}, {33, 20, 1}, {64, 64, 3}} {
		pixels := noisy(shape)
		for _, text := range []string{
			"none", "affine", "elastic", "affine+elastic", "affine:rotate=180,scale=0.9,shear=2,shift=40", "elastic:alpha=34",
			"elastic:alpha=200,sigma=7", "elastic:sigma=0.5,alpha=2", "affine:shift=0.3,rotate=0+elastic:alpha=34,sigma=1.3", "elastic:sigma=100",
		} {
			a := New(parse(t, text), shape)
			const draws = 6
			var mean, wantMean, worst float64
			low, high := math.Inf(1), math.Inf(-1)
			got := make([]float32, len(pixels))
			for row := range draws {
				k := Key{Seed: 7, Epoch: 3, Row: row, View: row % 2}
				a.Distort(got, pixels, k)
				for i, want := range reference(a.spec, shape, pixels, k) {
					v := float64(got[i])
					mean, wantMean, worst = mean+v, wantMean+want, max(worst, math.Abs(v-want))
					low, high = min(low, v), max(high, v)
				}
			}
			// Values differ by the slope, at most 1 a pixel and axis, times the
			// displacement's error, which grows with alpha.
			limit := 2e-5
			if a.spec.Elastic != nil {
				limit = max(limit, 2e-3*a.spec.Elastic.Alpha/34)
			}
			if n := float64(draws * len(pixels)); worst > limit || math.Abs(mean-wantMean)/n > 2e-5 || low < 0 || high > 1 {
				t.Errorf("%s on %v: differs by %g, mean %g, expected %g, from %g to %g", text, shape, worst, mean/n, wantMean/n, low, high)
			}
		}
	}
}

// A displacement's error is what the low rank costs, as the smoother promises.
func TestSmoothing(t *testing.T) {
	for _, c := range []struct {
		alpha, sigma float64
		h, w         int
	}{{34, 4, 28, 28}, {34, 0.5, 28, 28}, {34, 2, 28, 20}, {34, 4, 96, 128}, {34, 20, 28, 28}, {34, 100, 3, 2}} {
		e := Elastic{c.alpha, c.sigma}
		s, size := newSmoother(e, c.h, c.w), c.h*c.w
		worst := 0.0
		for seed := range 5 {
			random := newStream(Key{Seed: uint64(seed)})
			noise, wide := make([]float32, size), make([]float64, size)
			for i := range noise {
				noise[i] = float32(random.within(1))
				wide[i] = float64(noise[i])
			}
			s.smooth(noise, make([]float32, size), make([]float32, size))
			for i, want := range smoothed(e, wide, c.h, c.w) {
				worst = max(worst, math.Abs(float64(noise[i])-want))
			}
		}
		t.Logf("%+v: ranks %d and %d, worst %.2g pixels", c, s.rh, s.rw, worst)
		if worst > 1e-3 {
			t.Errorf("%+v: displacements differ by %g pixels", c, worst)
		}
	}
}

// Without any movement, and by whole pixels, bits are those of data.Decode.
func TestWhatIsNotInterpolatedIsExact(t *testing.T) {
	for _, shape := range [][3]int{{28, 28, 1}, {9, 14, 3}, {1, 1, 1}} {
		pixels := noisy(shape)
		for _, text := range []string{"none", "affine:rotate=0,scale=0,shear=0,shift=0", "elastic:alpha=0"} {
			got := make([]float32, len(pixels))
			New(parse(t, text), shape).Distort(got, pixels, Key{Seed: 5})
			for i, v := range got {
				if v != float32(pixels[i])/255 {
					t.Fatalf("%s on %v: pixel %d is %v, was %d/255", text, shape, i, v, pixels[i])
				}
			}
		}
		a := New(Spec{}, shape)
		for _, shift := range [][2]int{{0, 0}, {1, 0}, {0, -1}, {3, 2}, {-4, 5}, {-30, 1}, {0, 29}} {
			s := a.newScratch()
			a.pad(s.padded, pixels)
			got := make([]float32, len(pixels))
			a.resample(got, s, inverse{x0: -float64(shift[0]), xx: 1, y0: -float64(shift[1]), yy: 1})
			for i, v := range got {
				c := i % shape[2]
				x, y := i/shape[2]%shape[1]-shift[0], i/shape[2]/shape[1]-shift[1]
				want := float32(0)
				if x >= 0 && x < shape[1] && y >= 0 && y < shape[0] {
					want = float32(pixels[(y*shape[1]+x)*shape[2]+c]) / 255
				}
				if v != want {
					t.Fatalf("shift %v on %v: value %d is %v, expected %v", shift, shape, i, v, want)
				}
			}
		}
	}
}

// The displacement has mean 0 and the deviation that the Gaussian gives: in the
// middle alpha/(2 sigma sqrt(3 pi)).
func TestDisplacementStatistics(t *testing.T) {
	const n, side = 5000, 28
	e := Elastic{Alpha: 34, Sigma: 4}
	a := New(Spec{Elastic: &e}, [3]int{side, side, 1})
	s := a.newScratch()
	g := gaussian(e.Sigma, side)
	for _, p := range [][2]int{{14, 14}, {0, 0}, {3, 20}, {27, 13}} {
		var norm [2]float64
		for axis, at := range p {
			for j := range side {
				norm[axis] += math.Pow(g[max(at-j, j-at)], 2)
			}
		}
		want := e.Alpha * math.Sqrt(norm[0]*norm[1]/3)
		if middle := e.Alpha / (2 * e.Sigma * math.Sqrt(3*math.Pi)); p == [2]int{14, 14} && math.Abs(want/middle-1) > 0.01 {
			t.Errorf("deviation in the middle %g, by the formula %g", want, middle)
		}
		var sum, squares [2]float64
		var cross float64
		for row := range n {
			a.displace(s, newStream(Key{Seed: 11, Row: row}))
			x, y := float64(s.dx[p[0]*side+p[1]]), float64(s.dy[p[0]*side+p[1]])
			sum[0], sum[1] = sum[0]+x, sum[1]+y
			squares[0], squares[1] = squares[0]+x*x, squares[1]+y*y
			cross += x * y
		}
		for axis := range 2 {
			mean, deviation := sum[axis]/n, math.Sqrt(squares[axis]/n)
			if math.Abs(mean) > 4*want/math.Sqrt(n) || math.Abs(deviation/want-1) > 4/math.Sqrt(2*n) {
				t.Errorf("at %v, axis %d: mean %g, deviation %g, expected 0 and %g", p, axis, mean, deviation, want)
			}
		}
		if c := cross / n / want / want; math.Abs(c) > 4/math.Sqrt(n) {
			t.Errorf("at %v: the axes correlate by %g", p, c)
		}
	}
}

// Draws are uniform, and no two of the key's numbers do the same.
func TestKeys(t *testing.T) {
	seen := make(map[uint64]Key)
	for seed := range 6 {
		for epoch := range 6 {
			for row := range 40 {
				for view := range 3 {
					k := Key{uint64(seed), epoch, row, view}
					random := newStream(k)
					v := random.next()
					if other, ok := seen[v]; ok {
						t.Fatalf("%+v and %+v begin equally", k, other)
					}
					seen[v] = k
				}
			}
		}
	}
	var sum, squares float64
	random := newStream(Key{})
	const n = 100000
	for range n {
		v := random.within(3)
		if !(v >= -3 && v <= 3) {
			t.Fatalf("%v is not within 3", v)
		}
		sum, squares = sum+v, squares+v*v
	}
	if mean, variance := sum/n, squares/n; math.Abs(mean) > 4*math.Sqrt(3.0/n) || math.Abs(variance-3) > 0.05 {
		t.Errorf("mean %g and variance %g, expected 0 and 3", mean, variance)
	}
	// Frozen: another algorithm would change what every recorded seed means.
	random = newStream(Key{Seed: 1, Epoch: 2, Row: 3, View: 4})
	if got := random.next(); got != frozenDraw {
		t.Errorf("the first draw of a key is %#x, was %#x", got, uint64(frozenDraw))
	}
}

const frozenDraw = 0xad65ecff4df64181

// An image is distorted equally after any others, on any goroutine, and
// differently by another seed, epoch, row or view.
func TestOnlyTheKeyCounts(t *testing.T) {
	shape := [3]int{28, 28, 1}
	a, pixels := New(parse(t, "affine+elastic"), shape), noisy(shape)
	keys := []Key{{}, {Seed: 1}, {Epoch: 1}, {Row: 1}, {View: 1}}
	want := make([][]float32, len(keys))
	for i, k := range keys {
		want[i] = make([]float32, len(pixels))
		a.Distort(want[i], pixels, k)
		for j := range i {
			if slices.Equal(want[i], want[j]) {
				t.Errorf("%+v and %+v distort equally", k, keys[j])
			}
		}
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			got := make([]float32, len(pixels))
			for n := range 200 {
				i := n % len(keys)
				if a.Distort(got, pixels, keys[i]); !slices.Equal(got, want[i]) {
					t.Errorf("%+v distorts in another way on another goroutine", keys[i])
				}
			}
		})
	}
	group.Wait()
}

func TestDistortDoesNotAllocate(t *testing.T) {
	shape := [3]int{28, 28, 1}
	a, pixels, dst := New(parse(t, "affine+elastic"), shape), noisy(shape), make([]float32, 28*28)
	if n := testing.AllocsPerRun(100, func() { a.Distort(dst, pixels, Key{}) }); n >= 1 {
		t.Errorf("%v allocations an image", n)
	}
}

func TestPanics(t *testing.T) {
	a := New(Spec{}, [3]int{2, 3, 1})
	for want, do := range map[string]func(){
		panicShape: func() { New(Spec{}, [3]int{28, 28, 0}) },
		panicSizes: func() { a.Distort(make([]float32, 6), make([]uint8, 5), Key{}) },
		"augment: elastic:sigma=0: must be from 0.5 to 100": func() { New(Spec{Elastic: &Elastic{Alpha: 1}}, [3]int{2, 3, 1}) },
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("panic is %v, expected %q", got, want)
				}
			}()
			do()
		}()
	}
}
