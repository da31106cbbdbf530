package digit

import "math"

// surface is the brightness of the paper: a quadratic in x and y from -1 to 1,
// so that light from one side, a vignette or a soft shadow are no ink.
type surface [6]float64

func terms(x, y float64) [6]float64 { return [6]float64{1, x, y, x * x, x * y, y * y} }

func (s surface) at(t [6]float64) (sum float64) {
	for i, c := range s {
		sum += c * t[i]
	}
	return sum
}

// sample is a pixel that may be paper.
type sample struct {
	terms [6]float64
	v     float64
}

// maxSamples is about how many pixels a surface is fitted to.
const maxSamples = 4000

// samples are pixels at even distances, of those that are wanted.
func (p plane) samples(wanted func(x, y int) bool) (list []sample) {
	count := 0
	for y := range p.h {
		for x := range p.w {
			if wanted(x, y) {
				count++
			}
		}
	}
	every, i := 1+count/maxSamples, 0
	for y := range p.h {
		for x := range p.w {
			if !wanted(x, y) {
				continue
			}
			if i++; i%every == 0 {
				list = append(list, sample{p.terms(x, y), p.v[y*p.w+x]})
			}
		}
	}
	return list
}

// terms are a pixel's; small pictures have paper of one brightness.
func (p plane) terms(x, y int) [6]float64 {
	if min(p.w, p.h) < 8 {
		return terms(0, 0)
	}
	return terms(2*float64(x)/float64(p.w-1)-1, 2*float64(y)/float64(p.h-1)-1)
}

// paper fits a surface to the picture's rim, where ink is rare, and then to all
// that is not ink on that. Values are from 0, black, to 1.
func (p plane) paper() surface {
	rim := max(1, min(p.w, p.h)/30)
	if v, ok := p.uniform(rim); ok {
		return surface{v}
	}
	s := fit(p.samples(func(x, y int) bool { return min(x, y, p.w-1-x, p.h-1-y) < rim }))
	if min(p.w, p.h) < 8 {
		return s
	}
	everywhere := p.samples(func(int, int) bool { return true })
	for range 2 {
		t := otsu(histogram(everywhere, func(q sample) float64 { return math.Abs(q.v - s.at(q.terms)) }))
		var rest []sample
		for _, q := range everywhere {
			if math.Abs(q.v-s.at(q.terms)) <= t {
				rest = append(rest, q)
			}
		}
		if len(rest) < len(everywhere)/4 {
			break
		}
		s = fit(rest)
	}
	return s
}

// uniform is the brightness that all of the rim and more than half of the picture
// has to the bit: a drawing on a screen is on such paper, and needs no fit.
func (p plane) uniform(rim int) (v float64, ok bool) {
	v = p.v[0]
	for y := range p.h {
		row := p.v[y*p.w : (y+1)*p.w]
		if y >= rim && y < p.h-rim && p.w > 2*rim {
			if !all(row[:rim], v) || !all(row[p.w-rim:], v) {
				return 0, false
			}
		} else if !all(row, v) {
			return 0, false
		}
	}
	count := 0
	for _, q := range p.v {
		if q == v {
			count++
		}
	}
	return v, 2*count > len(p.v)
}

func all(list []float64, v float64) bool {
	for _, q := range list {
		if q != v {
			return false
		}
	}
	return true
}

// fit minimises the sum of absolute differences, by weighted least squares from
// the median: what is far away, as ink on the rim is, has little say.
func fit(list []sample) (s surface) {
	const blur, ridge = 0.01, 1e-4
	s[0] = median(histogram(list, func(q sample) float64 { return q.v })) / 255
	for range 12 {
		a, total := s.sums(list, blur)
		for i := range a {
			for j := range i {
				a[i][j] = a[j][i]
			}
			if i > 0 {
				a[i][i] += ridge * total
			}
		}
		before := s
		if s = solve(a); s == before {
			break // it would come to the same for ever
		}
	}
	return s
}

// sums are what one step of fit adds up over the samples, the upper half of the
// matrix and the right side: weight * terms[i] * terms[j], weight * terms[i] * v,
// and the weights. The loops over i and j are written out, since finding the
// paper is most of what Normalize costs; plainSums in the tests has them.
func (s surface) sums(list []sample, blur float64) (a [6][7]float64, total float64) {
	var r0, r1, r2, r3, r4, r5 [7]float64
	for k := range list {
		q := &list[k]
		x, y, xx, xy, yy, v := q.terms[1], q.terms[2], q.terms[3], q.terms[4], q.terms[5], q.v
		w := 1 / max(blur, math.Abs(v-(s[0]+s[1]*x+s[2]*y+s[3]*xx+s[4]*xy+s[5]*yy)))
		wx, wy, wxx, wxy, wyy := w*x, w*y, w*xx, w*xy, w*yy
		total += w
		r0[1] += wx
		r0[2] += wy
		r0[3] += wxx
		r0[4] += wxy
		r0[5] += wyy
		r0[6] += w * v
		r1[1] += wx * x
		r1[2] += wx * y
		r1[3] += wx * xx
		r1[4] += wx * xy
		r1[5] += wx * yy
		r1[6] += wx * v
		r2[2] += wy * y
		r2[3] += wy * xx
		r2[4] += wy * xy
		r2[5] += wy * yy
		r2[6] += wy * v
		r3[3] += wxx * xx
		r3[4] += wxx * xy
		r3[5] += wxx * yy
		r3[6] += wxx * v
		r4[4] += wxy * xy
		r4[5] += wxy * yy
		r4[6] += wxy * v
		r5[5] += wyy * yy
		r5[6] += wyy * v
	}
	r0[0] = total
	return [6][7]float64{r0, r1, r2, r3, r4, r5}, total
}

// solve is Gauss's elimination; the matrix is positive definite.
func solve(a [6][7]float64) (x surface) {
	for i := range a {
		for k := i + 1; k < 6; k++ {
			f := a[k][i] / a[i][i]
			for j := i; j < 7; j++ {
				a[k][j] -= f * a[i][j]
			}
		}
	}
	for i := 5; i >= 0; i-- {
		x[i] = a[i][6]
		for j := i + 1; j < 6; j++ {
			x[i] -= a[i][j] * x[j]
		}
		x[i] /= a[i][i]
	}
	return x
}

// histogram counts values from 0 to 1 in 256 bins.
func histogram[T any](list []T, value func(T) float64) []float64 {
	h := make([]float64, 256)
	for _, v := range list {
		h[int(255*min(1, max(0, value(v)))+0.5)]++
	}
	return h
}

// percentile is the first bin up to which there is a share of a histogram.
func percentile(h []float64, share float64) float64 {
	var total, sum float64
	for _, n := range h {
		total += n
	}
	for i, n := range h {
		if sum += n; sum >= share*total && sum > 0 {
			return float64(i)
		}
	}
	return 0
}

func median(h []float64) float64 { return percentile(h, 0.5) }

// split is Otsu's: the bin up to which the lower of two classes reaches, so that
// the variance between them is largest; and their means. One class alone has
// equal means.
func split(h []float64) (at int, low, high float64) {
	var n, sum float64
	for i, c := range h {
		n, sum = n+c, sum+c*float64(i)
	}
	low, high = sum/max(n, 1), sum/max(n, 1)
	var best, below, belowSum float64
	for i, c := range h {
		below, belowSum = below+c, belowSum+c*float64(i)
		if below == 0 || n-below <= 0 {
			continue
		}
		l, r := belowSum/below, (sum-belowSum)/(n-below)
		if v := below * (n - below) * (r - l) * (r - l); v > best {
			best, at, low, high = v, i, l, r
		}
	}
	return at, low, high
}

// otsu is the threshold halfway between the means of the two classes, from 0 to 1.
func otsu(h []float64) float64 {
	_, low, high := split(h)
	return (low + high) / 2 / 255
}

func classMeans(h []float64) (low, high float64) {
	_, low, high = split(h)
	return low, high
}
