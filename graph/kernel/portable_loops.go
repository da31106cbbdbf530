package kernel

import (
	"runtime"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// addEight is c[j] += by[q] * b[q*stride+j], for each q in order.
func addEight[T Float](c, b []T, stride int, by *[8]T) {
	n := len(c)
	b0, b1, b2, b3 := b[:n], b[stride:][:n], b[2*stride:][:n], b[3*stride:][:n]
	b4, b5, b6, b7 := b[4*stride:][:n], b[5*stride:][:n], b[6*stride:][:n], b[7*stride:][:n]
	y0, y1, y2, y3, y4, y5, y6, y7 := by[0], by[1], by[2], by[3], by[4], by[5], by[6], by[7]
	for j, v := range c {
		v += T(y0 * b0[j])
		v += T(y1 * b1[j])
		v += T(y2 * b2[j])
		v += T(y3 * b3[j])
		v += T(y4 * b4[j])
		v += T(y5 * b5[j])
		v += T(y6 * b6[j])
		v += T(y7 * b7[j])
		c[j] = v
	}
}

// fourDots is c[r*step] = Σ x[l] * y[r*stride+l] for n rows of y, or adds that:
// four sums at a time, each in order.
func fourDots[T Float](n int, x, y []T, stride int, add bool, c []T, step int) {
	k, r := len(x), 0
	for ; r+4 <= n; r += 4 {
		var s0, s1, s2, s3 T
		if add {
			s0, s1, s2, s3 = c[r*step], c[(r+1)*step], c[(r+2)*step], c[(r+3)*step]
		}
		y0, y1, y2, y3 := y[r*stride:][:k], y[(r+1)*stride:][:k], y[(r+2)*stride:][:k], y[(r+3)*stride:][:k]
		for l, v := range x {
			s0 += T(v * y0[l])
			s1 += T(v * y1[l])
			s2 += T(v * y2[l])
			s3 += T(v * y3[l])
		}
		c[r*step], c[(r+1)*step], c[(r+2)*step], c[(r+3)*step] = s0, s1, s2, s3
	}
	for ; r < n; r++ {
		var sum T
		if add {
			sum = c[r*step]
		}
		row := y[r*stride:][:k]
		for l, v := range x {
			sum += T(v * row[l])
		}
		c[r*step] = sum
	}
}

// assembledLoops says whether gonum's loops over vectors are assembled; in Go its dot
// product waits for each sum before the next.
const assembledLoops = runtime.GOARCH == "amd64"

// assembledRow is c[j] = Σ a[l] * b[l*stride+j], each sum in order.
func assembledRow[T Float](a, b []T, stride int, c []T) {
	clear(c)
	switch c := any(c).(type) {
	case []float32:
		b := any(b).([]float32)
		for l, v := range any(a).([]float32) {
			if v != 0 {
				gonum.Implementation{}.Saxpy(len(c), v, b[l*stride:], 1, c, 1)
			}
		}
	case []float64:
		b := any(b).([]float64)
		for l, v := range any(a).([]float64) {
			if v != 0 {
				gonum.Implementation{}.Daxpy(len(c), v, b[l*stride:], 1, c, 1)
			}
		}
	}
}

// assembledDots is what dots computes, for at most a tile: gonum starts goroutines
// of its own from four tiles of 64 x 64 on.
func assembledDots[T Float](m, n, k int, a []T, lda int, b []T, ldb int, add bool, c []T, ldc int) {
	beta := 0.0
	if add {
		beta = 1
	}
	switch a := any(a).(type) {
	case []float32:
		gonum.Implementation{}.Sgemm(blas.NoTrans, blas.Trans, m, n, k, 1, a, lda, any(b).([]float32), ldb, float32(beta), any(c).([]float32), ldc)
	case []float64:
		gonum.Implementation{}.Dgemm(blas.NoTrans, blas.Trans, m, n, k, 1, a, lda, any(b).([]float64), ldb, beta, any(c).([]float64), ldc)
	}
}

// portableTranspose is genericTranspose's loop, by eight rows at a time.
func portableTranspose[T Float](x []T, stride, rows, columns int, y []T, step int) {
	i := 0
	for ; i+8 <= rows; i += 8 {
		x0, x1, x2, x3 := x[i*stride:][:columns], x[(i+1)*stride:][:columns], x[(i+2)*stride:][:columns], x[(i+3)*stride:][:columns]
		x4, x5, x6, x7 := x[(i+4)*stride:][:columns], x[(i+5)*stride:][:columns], x[(i+6)*stride:][:columns], x[(i+7)*stride:][:columns]
		for j, v := range x0 {
			*(*[8]T)(y[j*step+i:]) = [8]T{v, x1[j], x2[j], x3[j], x4[j], x5[j], x6[j], x7[j]}
		}
	}
	if i < rows {
		genericTranspose(x[i*stride:], stride, rows-i, columns, y[i:], step)
	}
}
