package kernel

// Affine is a matrix product with a bias (n) for each row, rectified if asked
// to: c (m,n) = a (m,k)·b (k,n) + bias.
//
//	for i := range m {
//		for j := range n {
//			c[i*n+j] = bias[j]
//			for l := range k {
//				c[i*n+j] += a[i*k+l] * b[l*n+j]
//			}
//			if relu && c[i*n+j] <= 0 { // a NaN stays, so that a diverged run is seen
//				c[i*n+j] = 0
//			}
//		}
//	}
//
// What Gemm says of zeros holds for those of a.
func Affine[T Float](m, n, k int, a, b, bias, c []T, relu bool) {
	check(len(a) == m*k && len(b) == k*n && len(bias) == n && len(c) == m*n, "kernel: Affine: slices do not match m, n, k")
	if k == 0 {
		clear(c)
		BiasReLU(m, n, c, bias, relu)
	}
	if m*n*k == 0 {
		return
	}
	of[T]().affine(m, n, k, a, b, bias, c, relu)
}
