package kernel

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// The portable path lets gonum's dot product do the work, the fastest inner
// loop that it has on every architecture: both operands of a product are
// brought to rows along k, a tile at a time. gonum starts goroutines of its
// own from four 64 x 64 tiles on; one tile at a time stays on this thread.
const (
	tile  = 64  // rows and columns of c a block computes
	depth = 512 // how much of k is packed at a time: 128 KiB an operand
)

// portableGemm is Gemm's fast path: blocks of c in parallel.
func portableGemm[T Float](ta, tb Transpose, m, n, k int, a, b, c []T) {
	columns := (n + tile - 1) / tile
	rows := (m + tile - 1) / tile
	parallel(rows*columns, func(block int) {
		i, j := block/columns*tile, block%columns*tile
		gemmTile(ta, tb, i, min(i+tile, m), j, min(j+tile, n), m, n, k, a, b, c)
	})
}

// portableAffine is Affine's.
func portableAffine[T Float](m, n, k int, a, b, bias, c []T, relu bool) {
	portableGemm(NoTrans, NoTrans, m, n, k, a, b, c)
	BiasReLU(m, n, c, bias, relu)
}

// portableSerialGemm is portableGemm on this thread alone, for callers that are
// themselves one of several blocks.
func portableSerialGemm[T Float](ta, tb Transpose, m, n, k int, a, b, c []T) {
	for i := 0; i < m; i += tile {
		for j := 0; j < n; j += tile {
			gemmTile(ta, tb, i, min(i+tile, m), j, min(j+tile, n), m, n, k, a, b, c)
		}
	}
}

// gemmTile computes rows i0...i1 and columns j0...j1 of c.
func gemmTile[T Float](ta, tb Transpose, i0, i1, j0, j1, m, n, k int, a, b, c []T) {
	pack := borrow[T](2 * tile * depth)
	defer giveBack(pack)
	for l := 0; l < k; l += depth {
		kc := min(depth, k-l)
		at, lda := a[i0*k+l:], k
		if ta {
			at, lda = pack[:tile*depth], kc
			genericTranspose(a[l*m+i0:], m, kc, i1-i0, at, kc)
		}
		bt, ldb := b[j0*k+l:], k
		if !tb {
			bt, ldb = pack[tile*depth:], kc
			genericTranspose(b[l*n+j0:], n, kc, j1-j0, bt, kc)
		}
		dots(i1-i0, j1-j0, kc, at, lda, bt, ldb, l > 0, c[i0*n+j0:], n)
	}
}

// dots is c = a·bᵀ, or c += a·bᵀ, for a (m,k) and b (n,k).
func dots[T Float](m, n, k int, a []T, lda int, b []T, ldb int, add bool, c []T, ldc int) {
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
