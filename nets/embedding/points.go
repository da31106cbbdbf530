// Package embedding says what an embedding of images is worth: how well a
// point's neighbours and a linear map tell its class, and what the points look
// like in a plane. It depends on nothing but the points: the same points give
// the same numbers, on any number of threads.
package embedding

import (
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"stheno/graph/kernel"
)

// Points are N labelled points of E dimensions and length 1.
type Points struct {
	Dims   int
	Values []float32 // (N,E)
	Labels []int     // (N), from 0
}

// Len is N.
func (p Points) Len() int { return len(p.Labels) }

func (p Points) row(i int) []float32 { return p.Values[i*p.Dims : (i+1)*p.Dims] }

// classes is the largest label of both, plus one.
func classes(a, b Points) (n int) {
	for _, labels := range [][]int{a.Labels, b.Labels} {
		for _, l := range labels {
			n = max(n, l+1)
		}
	}
	return n
}

// Neighbours is the share of queries whose class is that of most of their k
// nearest references, by cosine: of classes with as many that of the nearest
// one, of references as near the first. It takes queries times references times
// E multiply-adds.
func Neighbours(references, queries Points, k int) float64 {
	const part = 256 // queries at a time
	k = min(k, references.Len())
	right := make([]bool, queries.Len())
	cosines := make([]float32, part*references.Len())
	for from := 0; from < queries.Len(); from += part {
		n := min(part, queries.Len()-from)
		c := cosines[:n*references.Len()]
		kernel.Gemm(kernel.NoTrans, kernel.Trans, n, references.Len(), queries.Dims,
			queries.Values[from*queries.Dims:(from+n)*queries.Dims], references.Values, c)
		kernel.Rows(n, func(i int) {
			nearest := largest(c[i*references.Len():(i+1)*references.Len()], k)
			right[from+i] = vote(nearest, references.Labels) == queries.Labels[from+i]
		})
	}
	return share(right)
}

// largest are the places of the k largest numbers, largest first.
func largest(x []float32, k int) []int {
	places := make([]int, 0, k+1)
	for i, v := range x {
		if len(places) == k && v <= x[places[k-1]] {
			continue
		}
		at := len(places)
		for at > 0 && v > x[places[at-1]] {
			at--
		}
		places = append(places, 0)
		copy(places[at+1:], places[at:])
		places[at] = i
		places = places[:min(k, len(places))]
	}
	return places
}

// vote is the class that most of the rows have, the nearest first.
func vote(nearest []int, labels []int) int {
	votes := make(map[int]int)
	best := -1
	for _, row := range nearest {
		votes[labels[row]]++
	}
	for _, row := range nearest {
		if label := labels[row]; best < 0 || votes[label] > votes[best] {
			best = label
		}
	}
	return best
}

func share(right []bool) float64 {
	n := 0
	for _, r := range right {
		if r {
			n++
		}
	}
	return float64(n) / float64(len(right))
}

// LinearProbe is the share of queries that a linear map tells right, which was
// fitted to the references: by least squares with a ridge to 1 for a point's
// class and 0 for the others, which has one solution and needs no steps.
//
//	w = (xᵀx + ridge·N·1)⁻¹ xᵀy, x with a column of ones
func LinearProbe(references, queries Points) float64 {
	const ridge = 1e-4
	e, c := references.Dims+1, classes(references, queries)
	x, y := design(references), make([]float64, references.Len()*c)
	for i, label := range references.Labels {
		y[i*c+label] = 1
	}
	xx, xy := make([]float64, e*e), make([]float64, e*c)
	kernel.Gemm(kernel.Trans, kernel.NoTrans, e, e, references.Len(), x, x, xx)
	kernel.Gemm(kernel.Trans, kernel.NoTrans, e, c, references.Len(), x, y, xy)
	for i := range e {
		xx[i*e+i] += ridge * float64(references.Len())
	}
	var cholesky mat.Cholesky
	var w mat.Dense
	if !cholesky.Factorize(mat.NewSymDense(e, xx)) || cholesky.SolveTo(&w, mat.NewDense(e, c, xy)) != nil {
		return math.NaN() // points that are not finite
	}
	logits := make([]float64, queries.Len()*c)
	kernel.Gemm(kernel.NoTrans, kernel.NoTrans, queries.Len(), c, e, design(queries), w.RawMatrix().Data, logits)
	return float64(kernel.CountHits(logits, queries.Labels)) / float64(queries.Len())
}

// design are the points with a column of ones behind.
func design(p Points) []float64 {
	x := make([]float64, 0, p.Len()*(p.Dims+1))
	for i := range p.Labels {
		for _, v := range p.row(i) {
			x = append(x, float64(v))
		}
		x = append(x, 1)
	}
	return x
}

// Plane puts the points into the plane in which they vary most, by principal
// components, and says what share of their variance lies along its axes. Of the
// two directions of an axis that is taken in which its largest part is positive.
func Plane(p Points) (at [][2]float64, variance [2]float64) {
	x := mat.NewDense(p.Len(), p.Dims, nil)
	means := make([]float64, p.Dims)
	for i := range p.Labels {
		for j, v := range p.row(i) {
			x.Set(i, j, float64(v))
			means[j] += float64(v) / float64(p.Len())
		}
	}
	at = make([][2]float64, p.Len())
	var pc stat.PC
	if p.Len() < 2 || p.Dims < 2 || !pc.PrincipalComponents(x, nil) {
		return at, variance
	}
	vars := pc.VarsTo(nil)
	all := 0.0
	for _, v := range vars {
		all += v
	}
	var axes mat.Dense
	pc.VectorsTo(&axes)
	_, found := axes.Dims()
	for a := range min(2, found) {
		if all > 0 {
			variance[a] = vars[a] / all
		}
		sign, most := 1.0, 0.0
		for j := range p.Dims {
			if v := axes.At(j, a); math.Abs(v) > most {
				sign, most = math.Copysign(1, v), math.Abs(v)
			}
		}
		for i := range at {
			for j := range p.Dims {
				at[i][a] += sign * axes.At(j, a) * (x.At(i, j) - means[j])
			}
		}
	}
	return at, variance
}
