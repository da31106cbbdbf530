//go:build !amd64 || purego

package kernel

// simd lists nothing: the portable path is the fastest here.
func simd() []*implementation { return nil }
