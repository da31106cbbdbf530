package kernel

// Float is an element type: float32 to train in, float64 to check against.
type Float interface{ float32 | float64 }

// Transpose says whether a matrix is stored transposed.
type Transpose bool

// How an operand of Gemm is stored.
const (
	NoTrans Transpose = false
	Trans   Transpose = true
)

// Gemm is the matrix product c = op(a)·op(b), with c (m,n), op(a) (m,k),
// op(b) (k,n), where op transposes an operand that is stored transposed:
//
//	for i := range m {
//		for j := range n {
//			c[i*n+j] = 0
//			for l := range k {
//				c[i*n+j] += A(i, l) * B(l, j) // a[i*k+l] or a[l*m+i]; b[l*n+j] or b[j*k+l]
//			}
//		}
//	}
//
// A zero of op(a) adds nothing, and its product may be left out: a NaN or an
// infinity of b reaches the rows of c in which it meets a number that is not zero,
// and whether it reaches the others, as in the loop, is left open. A zero of c may
// have either sign.
func Gemm[T Float](ta, tb Transpose, m, n, k int, a, b, c []T) {
	check(len(a) == m*k && len(b) == k*n && len(c) == m*n, "kernel: Gemm: slices do not match m, n, k")
	if k == 0 {
		clear(c)
	}
	if m*n*k == 0 {
		return
	}
	of[T]().gemm(ta, tb, m, n, k, a, b, c)
}

// check panics, for a caller's bug, with constant words.
func check(ok bool, bug string) {
	if !ok {
		panic(bug)
	}
}

// ceil is n/d, rounded up.
func ceil(n, d int) int { return (n + d - 1) / d }
