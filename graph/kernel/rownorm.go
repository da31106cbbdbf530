package kernel

import "math"

// RowNorm brings each row of x to mean 0 and variance 1, scales and shifts its columns,
// and keeps the rows' means and what they were multiplied by; without gamma, beta it
// takes 1, 0:
//
//	for n := range s.N {
//		mean[n] = sum of x[n] / s.C
//		inverse[n] = 1 / sqrt(sum of (x[n]-mean[n])² / s.C + epsilon)
//		y[n,c] = (x[n,c]-mean[n])·inverse[n]·gamma[c] + beta[c]
//	}
//
// The sums run in float64.
func RowNorm[T Float](s Channels, x, gamma, beta []T, epsilon float64, y, mean, inverse []T) {
	check(len(x) == s.N*s.C && len(y) == len(x) && len(mean) == s.N && len(inverse) == s.N && (gamma == nil || len(gamma) == s.C) && (beta == nil || len(beta) == s.C),
		"kernel: RowNorm: slices do not match N, C")
	spans(s.N, max(1, wideSpan/s.C), func(from, to int) {
		for i := from; i < to; i++ {
			row, z := x[i*s.C:(i+1)*s.C], y[i*s.C:(i+1)*s.C]
			m, r := rowMoments(row)
			r = 1 / math.Sqrt(r+epsilon)
			mean[i], inverse[i] = T(m), T(r)
			for c, v := range row {
				z[c] = T(v-mean[i]) * inverse[i]
			}
			for c, by := range gamma {
				z[c] *= by
			}
			for c, b := range beta {
				z[c] += b
			}
		}
	})
}

// rowMoments are the mean and the variance of some numbers.
func rowMoments[T Float](row []T) (mean, variance float64) {
	for _, v := range row {
		mean += float64(v)
	}
	mean /= float64(len(row))
	for _, v := range row {
		d := float64(v) - mean
		variance += float64(d * d)
	}
	return mean, variance / float64(len(row))
}

// RowNormGrad is the gradient of RowNorm by those of x, gamma and beta that are not
// nil, with z[n,c] = (x[n,c]-mean[n])·inverse[n]:
//
//	for n := range s.N {
//		dx[n,c] = inverse[n]·(dy[n,c]·gamma[c] - (mean of dy[n]·gamma) - z[n,c]·(mean of dy[n]·gamma·z[n]))
//		dgamma[c] += dy[n,c]·z[n,c]
//		dbeta[c] += dy[n,c]
//	}
//
// Sums over rows are those of shards, added in order.
func RowNormGrad[T Float](s Channels, x, dy, mean, inverse, gamma, dx, dgamma, dbeta []T) {
	check(len(x) == s.N*s.C && len(dy) == len(x) && len(mean) == s.N && len(inverse) == s.N && (gamma == nil || len(gamma) == s.C) && (dx == nil || len(dx) == len(x)),
		"kernel: RowNormGrad: slices do not match N, C")
	size := max(1, wideShard/s.C)
	shards := ceil(s.N, size)
	found := borrow[float64](2 * shards * s.C)
	defer giveBack(found)
	spans(s.N, size, func(from, to int) {
		sums := found[2*from/size*s.C:][:2*s.C]
		clear(sums)
		for i := from; i < to; i++ {
			row, d := x[i*s.C:(i+1)*s.C], dy[i*s.C:(i+1)*s.C]
			if dgamma != nil || dbeta != nil {
				for c, v := range row {
					sums[c] += float64(d[c]) * float64(T(v-mean[i])*inverse[i])
					sums[s.C+c] += float64(d[c])
				}
			}
			if dx != nil {
				rowNormGrad(row, d, mean[i], inverse[i], gamma, dx[i*s.C:(i+1)*s.C])
			}
		}
	})
	for k, into := range [2][]T{dgamma, dbeta} {
		for c := range into {
			sum := 0.0
			for i := range shards {
				sum += found[(2*i+k)*s.C+c]
			}
			into[c] = T(sum)
		}
	}
}

// rowNormGrad is dx of one row.
func rowNormGrad[T Float](x, dy []T, mean, inverse T, gamma, dx []T) {
	var sum, along float64
	for c, d := range dy {
		if gamma != nil {
			d *= gamma[c]
		}
		dx[c] = d
		sum += float64(d)
		along += float64(float64(d) * float64(T(x[c]-mean)*inverse))
	}
	pull, slope := T(sum/float64(len(x))), T(along/float64(len(x)))
	for c, v := range x {
		dx[c] = inverse * (dx[c] - pull - T(T(v-mean)*inverse*slope))
	}
}
