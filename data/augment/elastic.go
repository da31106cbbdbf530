package augment

import "math"

// smoother smooths noise on a grid of H x W by the Gaussian of an Elastic:
//
//	field = alpha · Gh n Gw,   Gh (H,H) and Gw (W,W) with G[i,j] = exp(-(i-j)²/2sigma²)/sum
//
// A Gaussian removes nearly all of the noise, so that G has a low rank in effect:
// with L Lᵀ for G, and L of r columns (12 for 28 pixels and sigma 4), four thin
// products take the place of two square ones. With the tolerance below
// displacements are within 1e-3 pixels of the definition's, for alpha 34.
type smoother struct {
	height, width  int
	rh, rw         int       // ranks
	up, upT        []float32 // alpha·Lh (H,rh), and Lhᵀ (rh,H)
	across, crossT []float32 // Lw (W,rw), and its transpose
}

func newSmoother(e Elastic, height, width int) *smoother {
	s := &smoother{height: height, width: width}
	s.up, s.upT, s.rh = factor(gaussian(e.Sigma, height))
	s.across, s.crossT, s.rw = factor(gaussian(e.Sigma, width))
	for i := range s.up {
		s.up[i] *= float32(e.Alpha)
	}
	return s
}

// gaussian is the row G[0], which makes the whole of G: it is symmetric, and
// constant along diagonals.
func gaussian(sigma float64, n int) []float64 {
	weight := func(d int) float64 { return math.Exp(-float64(d*d) / (2 * sigma * sigma)) }
	sum := 1.0
	for d := 1; d < int(40*sigma)+2; d++ {
		sum += float64(2 * weight(d))
	}
	row := make([]float64, n)
	for d := range row {
		row[d] = weight(d) / sum
	}
	return row
}

// tolerance is how far L Lᵀ may be from G, in parts of its largest element.
const tolerance = 3e-4

// factor computes a thin L (n,r) with L Lᵀ = G within the tolerance, and its
// transpose, by Cholesky's algorithm with pivots: the rest of G after each
// column is positive semidefinite, so none of its elements exceeds the largest
// on its diagonal.
func factor(row []float64) (l, transposed []float32, rank int) {
	n := len(row)
	rest := make([]float64, n) // the diagonal of what is left of G
	for i := range rest {
		rest[i] = row[0]
	}
	var columns [][]float64
	for len(columns) < n {
		p := largest(rest)
		if rest[p] <= tolerance*row[0] {
			break
		}
		column, root := make([]float64, n), math.Sqrt(rest[p])
		for i := range column {
			v := row[max(i-p, p-i)]
			for _, c := range columns {
				v -= float64(c[i] * c[p])
			}
			column[i] = v / root
			rest[i] = max(0, rest[i]-float64(column[i]*column[i]))
		}
		rest[p] = 0
		columns = append(columns, column)
	}
	rank = len(columns)
	l, transposed = make([]float32, n*rank), make([]float32, rank*n)
	for k, column := range columns {
		for i, v := range column {
			l[i*rank+k], transposed[k*n+i] = float32(v), float32(v)
		}
	}
	return l, transposed, rank
}

func largest(v []float64) (at int) {
	for i := range v {
		if v[i] > v[at] {
			at = i
		}
	}
	return at
}

// smooth writes the smoothed noise (H,W) over it; a and b hold H·W values each.
func (s *smoother) smooth(noise, a, b []float32) {
	product(a, s.upT, noise, s.rh, s.height, s.width)
	product(b, a, s.across, s.rh, s.width, s.rw)
	product(a, s.up, b, s.height, s.rh, s.rw)
	product(noise, a, s.crossT, s.height, s.rw, s.width)
}

// product is
//
//	for i, j, l := range m, n, k {
//		c[i*n+j] += a[i*k+l] * b[l*n+j]   // c begins with 0
//	}
//
// with four values of l at a time, so that c is read and written once for them.
func product(c, a, b []float32, m, k, n int) {
	for i := range m {
		row, a := c[i*n:(i+1)*n], a[i*k:(i+1)*k]
		clear(row)
		l := 0
		for ; l+4 <= k; l += 4 {
			a0, a1, a2, a3 := a[l], a[l+1], a[l+2], a[l+3]
			b0, b1 := b[l*n : (l+1)*n][:len(row)], b[(l+1)*n : (l+2)*n][:len(row)]
			b2, b3 := b[(l+2)*n : (l+3)*n][:len(row)], b[(l+3)*n : (l+4)*n][:len(row)]
			for j := range row {
				row[j] += (float32(a0*b0[j]) + float32(a1*b1[j])) + (float32(a2*b2[j]) + float32(a3*b3[j]))
			}
		}
		for ; l < k; l++ {
			for j, v := range b[l*n : (l+1)*n] {
				row[j] += float32(a[l] * v)
			}
		}
	}
}
