package kernel

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

// implementation is one way to compute the kernels that have more than one.
type implementation struct {
	name    string
	float32 table[float32]
	float64 table[float64]
}

// table holds an implementation's kernels for one element type.
type table[T Float] struct {
	gemm               func(ta, tb Transpose, m, n, k int, a, b, c []T)
	serial             func(ta, tb Transpose, m, n, k int, a, b, c []T) // gemm on one thread
	convolve           func(s Conv, x, w, y []T)
	convolveGradInput  func(s Conv, dz, w, dx []T)
	convolveGradKernel func(s Conv, x, dz, dw []T)

	// On one thread, on slices of one length.
	add      func(y, x []T)
	biasReLU func(y, b []T)
	reluGrad func(dz, dy, y []T)
	adam     func(w, dw, m, v []T, alpha, decay1, decay2, eps T)
}

// implementations lists what this machine can run, the fastest last.
var implementations = append([]*implementation{
	{"generic", genericTable[float32](), genericTable[float64]()},
	{"portable", portableTable[float32](), portableTable[float64]()},
}, simd()...)

var chosen atomic.Pointer[implementation]

func init() { chosen.Store(implementations[len(implementations)-1]) }

func genericTable[T Float]() table[T] {
	return table[T]{
		gemm: genericGemm[T], serial: genericGemm[T],
		convolve: genericConvolve[T], convolveGradInput: genericConvolveGradInput[T], convolveGradKernel: genericConvolveGradKernel[T],
		add: genericAdd[T], biasReLU: genericBiasReLU[T], reluGrad: genericReLUGrad[T], adam: genericAdam[T],
	}
}

func portableTable[T Float]() table[T] {
	t := genericTable[T]()
	t.gemm, t.serial = portableGemm[T], portableSerialGemm[T]
	t.convolve, t.convolveGradInput, t.convolveGradKernel = convolvePatches[T], convolvePatchesGradInput[T], convolvePatchesGradKernel[T]
	return t
}

// Implementation names the implementation in use.
func Implementation() string { return chosen.Load().name }

// Implementations names all that this machine can run, the fastest last.
func Implementations() []string {
	names := make([]string, len(implementations))
	for i, impl := range implementations {
		names[i] = impl.name
	}
	return names
}

// Use chooses an implementation by name for the whole process, for tests and
// bug reports. It must not be called while kernels run.
func Use(name string) error {
	i := slices.Index(Implementations(), name)
	if i < 0 {
		return fmt.Errorf("kernel: no implementation %q on this machine; there are %s", name, strings.Join(Implementations(), ", "))
	}
	chosen.Store(implementations[i])
	return nil
}

// of returns the chosen implementation's kernels for T.
func of[T Float]() *table[T] {
	impl := chosen.Load()
	if t, ok := any(&impl.float32).(*table[T]); ok {
		return t
	}
	return any(&impl.float64).(*table[T])
}
