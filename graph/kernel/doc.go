// Package kernel holds the loops that training is made of: matrix products,
// convolutions, softmax cross-entropy, Adam. The doc comment of each exported
// function is the loop that it equals, over float32 and float64 alike.
//
// generic.go is that loop, written plainly: it is the specification, the
// oracle of the tests and the fallback, and is always compiled. portable.go is
// the fast path on gonum's BLAS for every architecture. dispatch.go chooses.
//
// All matrices are dense and row-major, images are (N,H,W,C), convolution
// kernels (KH,KW,C,F). Work is split into blocks that depend on the shapes
// alone, and partial sums are added in a fixed order, so a result has the same
// bits for any number of threads.
//
// A slice of the wrong length is a bug of the caller and panics; what a user
// can get wrong has been refused before a kernel is called.
package kernel
