package kernel

import "math"

// Normalize scales each row of x (n,e) to length 1, and leaves the lengths that
// the rows had in norm (n):
//
//	for i := range n {
//		norm[i] = sqrt(sum(x[i]·x[i]))
//		y[i] = x[i] / norm[i] // a row shorter than 1e-12 becomes zeros
//	}
//
// The sum runs in float64.
func Normalize[T Float](n, e int, x, y, norm []T) {
	check(len(x) == n*e && len(y) == n*e && len(norm) == n, "kernel: Normalize: slices do not match n, e")
	Rows(n, func(i int) {
		x, y := x[i*e:i*e+e], y[i*e:i*e+e]
		length := math.Sqrt(dot(x, x))
		norm[i] = T(length)
		by := T(1 / length)
		if length < shortest {
			by = 0
		}
		for j, v := range x {
			y[j] = v * by
		}
	})
}

// shortest is the length below which a row has no direction.
const shortest = 1e-12

// NormalizeGrad is the gradient of Normalize, from the rows y that it made and
// their former lengths:
//
//	for i := range n {
//		dx[i] = (dy[i] - y[i]·sum(y[i]·dy[i])) / norm[i] // zeros for a row shorter than 1e-12
//	}
func NormalizeGrad[T Float](n, e int, y, norm, dy, dx []T) {
	check(len(y) == n*e && len(dy) == n*e && len(dx) == n*e && len(norm) == n, "kernel: NormalizeGrad: slices do not match n, e")
	Rows(n, func(i int) {
		y, dy, dx := y[i*e:i*e+e], dy[i*e:i*e+e], dx[i*e:i*e+e]
		by, along := 1/norm[i], T(dot(y, dy))
		if norm[i] < shortest {
			by = 0
		}
		for j := range dx {
			dx[j] = (dy[j] - T(y[j]*along)) * by
		}
	})
}

func dot[T Float](a, b []T) (sum float64) {
	for i, v := range a {
		sum += float64(float64(v) * float64(b[i]))
	}
	return sum
}

// SupCon is the supervised contrastive loss of n rows whose inner products are
// in s (n,n), the mean over those rows that share their label with another; its
// gradient by s replaces s. With A(i) all rows but i, and P(i) those of A(i)
// that have i's label:
//
//	for each i with a P(i) {
//		for j in A(i) { p[j] = exp(s[i,j]/tau) / sum over a in A(i) of exp(s[i,a]/tau) }
//		loss += mean over j in P(i) of -log(p[j]) / rows
//		for j in A(i) { g[i,j] = (p[j] - (1/|P(i)| if j in P(i))) / (tau·rows) }
//	}
//
// where rows is how many such rows there are; without any, loss and gradient
// are 0. hits is CountNeighbours(s). Sums run in float64.
func SupCon[T Float](n int, labels []int, tau float64, s []T) (loss T, hits int) {
	check(len(s) == n*n && len(labels) == n, "kernel: SupCon: slices do not match n")
	hits = CountNeighbours(n, s, labels)
	rows := countRows(labels, func(same, _ int) bool { return same > 0 })
	losses := borrow[float64](n)
	defer giveBack(losses)
	Rows(n, func(i int) { losses[i] = supConRow(i, rows, labels, tau, s[i*n:i*n+n]) })
	return T(total(losses) / float64(max(1, rows))), hits
}

// supConRow returns row i's loss and makes s its gradient.
func supConRow[T Float](i, rows int, labels []int, tau float64, s []T) float64 {
	positives, sum := 0, 0.0
	top := math.Inf(-1)
	for j, v := range s {
		if j == i {
			continue
		}
		top = math.Max(top, float64(v)/tau) // of NaN and a number it is NaN
		if labels[j] == labels[i] {
			positives++
			sum += float64(v) / tau
		}
	}
	if positives == 0 {
		clear(s)
		return 0
	}
	all := 0.0
	for j, v := range s {
		if j == i {
			s[j] = 0
			continue
		}
		e := math.Exp(float64(v)/tau - top)
		all += e
		s[j] = T(e)
	}
	scale, share := T(1/(tau*float64(rows))), T(1/float64(positives))
	for j := range s {
		s[j] = T(s[j] * T(1/all))
		if j != i && labels[j] == labels[i] {
			s[j] -= share
		}
		s[j] *= scale
	}
	return top + math.Log(all) - sum/float64(positives)
}

// Triplet is the batch-hard triplet loss of n rows of length 1 whose inner
// products are in s (n,n); its gradient by s replaces s. d[i,j] = 2 - 2·s[i,j]
// is the squared distance of two rows:
//
//	for each i that has another row of its label, and one of another {
//		p = the farthest row of i's label, q = the nearest of another; of equals the first
//		loss += max(0, margin + d[i,p] - d[i,q]) / rows
//		g[i,p], g[i,q] = -2/rows, 2/rows // 0 where the loss is 0
//	}
//
// where rows is how many such rows there are; without any, loss and gradient
// are 0. hits is CountNeighbours(s). The sum runs in float64.
func Triplet[T Float](n int, labels []int, margin float64, s []T) (loss T, hits int) {
	check(len(s) == n*n && len(labels) == n, "kernel: Triplet: slices do not match n")
	hits = CountNeighbours(n, s, labels)
	rows := countRows(labels, func(same, other int) bool { return same > 0 && other > 0 })
	losses := borrow[float64](n)
	defer giveBack(losses)
	Rows(n, func(i int) { losses[i] = tripletRow(i, rows, labels, margin, s[i*n:i*n+n]) })
	return T(total(losses) / float64(max(1, rows))), hits
}

// tripletRow returns row i's loss and makes s its gradient.
func tripletRow[T Float](i, rows int, labels []int, margin float64, s []T) float64 {
	p, q := -1, -1
	for j, v := range s {
		switch {
		case j == i:
		case labels[j] == labels[i]:
			if p < 0 || v < s[p] {
				p = j
			}
		case q < 0 || v > s[q]:
			q = j
		}
	}
	if p < 0 || q < 0 {
		clear(s)
		return 0
	}
	loss := margin + float64(2*float64(s[q])) - float64(2*float64(s[p]))
	clear(s)
	if loss > 0 {
		s[p], s[q] = T(-2/float64(rows)), T(2/float64(rows))
	}
	return max(0, loss) // of NaN it is NaN
}

// countRows counts the rows for which take says so, given how many others have
// their label and how many have not.
func countRows(labels []int, take func(same, other int) bool) (rows int) {
	for _, label := range labels {
		same := -1 // but for the row itself
		for _, l := range labels {
			if l == label {
				same++
			}
		}
		if take(same, len(labels)-1-same) {
			rows++
		}
	}
	return rows
}

func total(x []float64) (sum float64) {
	for _, v := range x {
		sum += v
	}
	return sum
}

// CountNeighbours is how many of n rows are nearest to their own class: the mean
// of their inner products s (n,n) with the other rows of a class is largest for
// their own label.
//
//	for i := range n {
//		if argmax over c of mean(s[i,j] of the j != i with labels[j] == c) == labels[i] { // the first of equals
//			hits++
//		}
//	}
//
// A class without such a row counts as least; labels are 0 or more.
func CountNeighbours[T Float](n int, s []T, labels []int) (hits int) {
	classes := 0
	for _, label := range labels {
		classes = max(classes, label+1)
	}
	means, right := borrow[float64](n*classes), borrow[float64](n)
	defer giveBack(means)
	defer giveBack(right)
	sizes := borrow[float64](classes)
	defer giveBack(sizes)
	clear(sizes)
	for _, label := range labels {
		sizes[label]++
	}
	Rows(n, func(i int) {
		m := means[i*classes : i*classes+classes]
		clear(m)
		for j, v := range s[i*n : i*n+n] {
			if j != i {
				m[labels[j]] += float64(v)
			}
		}
		for c, size := range sizes {
			if c == labels[i] {
				size--
			}
			m[c] /= size
			if size < 1 {
				m[c] = math.Inf(-1)
			}
		}
		right[i] = 0
		if best := argmax(m); best == labels[i] && !math.IsInf(m[best], -1) {
			right[i] = 1
		}
	})
	return int(total(right))
}

// CosFace is the mean cross-entropy of n rows of cosines (n,c) against their
// labels (n), scaled and with a margin at the label, through a softmax that it
// leaves in p:
//
//	for i := range n {
//		for j := range c { x[j] = scale·(cos[i,j] - (margin if j == label[i])) }
//		loss += (log(sum(exp(x))) - x[label[i]]) / n // the log shifted by max(x)
//		hits += (1 if argmax(cos[i]) == label[i] else 0)
//	}
//
// The sum runs in float64. A label outside 0 ... c-1 panics.
func CosFace[T Float](n, c int, cos []T, labels []int, scale, margin float64, p []T) (loss T, hits int) {
	check(len(cos) == n*c && len(p) == n*c && len(labels) == n, "kernel: CosFace: slices do not match n, c")
	losses := borrow[float64](n)
	defer giveBack(losses)
	Rows(n, func(i int) {
		x := p[i*c : i*c+c]
		for j, v := range cos[i*c : i*c+c] {
			x[j] = T(T(scale) * v)
		}
		x[labels[i]] -= T(scale * margin)
		own := x[labels[i]]
		losses[i] = float64(softmaxRow(x, x) - own)
	})
	return T(total(losses) / float64(max(1, n))), CountHits(cos, labels)
}

// CosFaceGrad is the gradient of CosFace by the cosines, from the probabilities
// p that it left, scaled by the gradient dloss of the loss:
//
//	for i := range n {
//		for j := range c {
//			dcos[i,j] = (p[i,j] - (1 if j == label[i] else 0)) * scale * dloss / n
//		}
//	}
func CosFaceGrad[T Float](n, c int, p []T, labels []int, scale float64, dloss T, dcos []T) {
	check(len(p) == n*c && len(dcos) == n*c && len(labels) == n, "kernel: CosFaceGrad: slices do not match n, c")
	by := T(scale) * dloss / T(n)
	for i, label := range labels {
		for j := i * c; j < i*c+c; j++ {
			dcos[j] = p[j] * by
		}
		dcos[i*c+label] = (p[i*c+label] - 1) * by
	}
}

// PairsGrad is the gradient of a loss by rows x (n,e), from its gradient g (n,n)
// by their inner products, scaled by the gradient
// dloss of the loss:
//
//	h = (g + gᵀ)·dloss
//	dx = h·x
//
// h (n,n) is working memory.
func PairsGrad[T Float](n, e int, g, x []T, dloss T, h, dx []T) {
	check(len(g) == n*n && len(h) == n*n && len(x) == n*e && len(dx) == n*e, "kernel: PairsGrad: slices do not match n, e")
	Rows(n, func(i int) {
		for j := range n {
			h[i*n+j] = (g[i*n+j] + g[j*n+i]) * dloss
		}
	})
	Gemm(NoTrans, NoTrans, n, e, n, h, x, dx)
}
