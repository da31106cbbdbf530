package digit

import (
	"math"
	"math/rand/v2"
	"testing"
)

// plainFit is fit as its mathematics say it, without the short cuts.
func plainFit(list []sample) (s surface) {
	const blur, ridge = 0.01, 1e-4
	s[0] = median(histogram(list, func(q sample) float64 { return q.v })) / 255
	for range 12 {
		a, total := s.plainSums(list, blur)
		for i := range a {
			for j := range i {
				a[i][j] = a[j][i]
			}
			if i > 0 {
				a[i][i] += ridge * total
			}
		}
		s = solve(a)
	}
	return s
}

func (s surface) plainSums(list []sample, blur float64) (a [6][7]float64, total float64) {
	for _, q := range list {
		weight := 1 / max(blur, math.Abs(q.v-s.at(q.terms)))
		total += weight
		for i, t := range q.terms {
			for j := i; j < 6; j++ {
				a[i][j] += weight * t * q.terms[j]
			}
			a[i][6] += weight * t * q.v
		}
	}
	return a, total
}

// planes are pictures of all kinds: flat, shaded, noisy, with strokes.
func planes(n int, visit func(i int, p plane)) {
	rng := rand.New(rand.NewPCG(11, 12))
	for i := range n {
		p := newPlane(8+rng.IntN(90), 8+rng.IntN(90))
		paper, ink := math.Round(rng.Float64()), rng.Float64()
		noise, tilt := 0.1*float64(i%2)*rng.Float64(), 0.5*float64(i/2%2)*rng.Float64()
		cx, cy, r := rng.IntN(p.w), rng.IntN(p.h), float64(1+rng.IntN(12))
		for k := range p.v {
			x, y := k%p.w, k/p.w
			v := paper + tilt*(float64(x)/float64(p.w)-0.5)
			edge := r + 0.5 - math.Abs(math.Hypot(float64(x-cx), float64(y-cy))-2*r)
			v += (ink - v) * min(1, max(0, edge))
			p.v[k] = min(1, max(0, v+noise*rng.NormFloat64()))
		}
		visit(i, p)
	}
}

// TestFit: the paper's surface has the bits that the plain loops give it.
func TestFit(t *testing.T) {
	early := 0
	planes(120, func(i int, p plane) {
		rim := max(1, min(p.w, p.h)/30)
		for name, list := range map[string][]sample{
			"all": p.samples(func(int, int) bool { return true }),
			"rim": p.samples(func(x, y int) bool { return min(x, y, p.w-1-x, p.h-1-y) < rim }),
		} {
			got, want := fit(list), plainFit(list)
			if got != want {
				t.Fatalf("picture %d (%d x %d), %s: %v, expected %v", i, p.w, p.h, name, got, want)
			}
			a, total := got.sums(list, 0.01)
			b, plainTotal := got.plainSums(list, 0.01)
			if a != b || total != plainTotal {
				t.Fatalf("picture %d, %s: sums %v, expected %v", i, name, a, b)
			}
			if got == (surface{}) {
				early++
			}
		}
	})
	if early == 0 {
		t.Error("no picture had black paper, which takes the short way")
	}
}
