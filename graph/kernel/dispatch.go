package kernel

import (
	"fmt"
	"os"
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
	gemm         func(ta, tb Transpose, m, n, k int, a, b, c []T)
	affine       func(m, n, k int, a, b, bias, c []T, relu bool)
	convolve     func(s Conv, x, w, b, y []T, relu bool)
	convolveGrad func(g *convGrad[T])
	slides       bool                                                 // convolve and convolveGrad take strides, and zeros around the images
	slide        func(s Conv, a Algorithm, x, w, b, y []T, relu bool) // of shapes that are not plain
	slideGrad    func(g *convGrad[T], a Algorithm)

	winograd       transforms[T]
	winogradIsFast bool // where it fits

	pools[T]
	depthwises[T]

	// On one thread, on slices of one length.
	add      func(y, x []T)
	scale    func(y, x, by []T)
	biasReLU func(y, b []T)
	reluGrad func(dz, dy, y []T)
	adam     func(w, dw, m, v []T, alpha, decay1, decay2, eps T)
	sgd      func(w, dw []T, rate T)
	momentum func(w, dw, v []T, rate, momentum T)
	nesterov func(w, dw, v []T, rate, momentum T)
	rmsprop  func(w, dw, v, m, a []T, by RMS[T])
	decode   func(x []uint8, y []T)
	times    func(y, x []T, by T)
	blend    func(y, x []T, part T)

	activate     [functions]func(y, x []T, p *limits[T])
	activateGrad [functions]func(dx, dy, x, y []T, p *limits[T])
	most         func(y, x []T)
	countEqual   func(n, x, y []T)
	whereEqual   func(z, x, y, v []T)

	lanes        int // of a vector
	multiplyAdds func(rounds int)

	// On one thread.
	sumRows   func(n, o int, x, sum []T)
	transpose func(x []T, stride, rows, columns int, y []T, step int)

	// On one thread, on rows as long as their parameters: see channels.go.
	moments  func(x, pilot, sum, squares []T)
	norm     func(x, mean, scale, shift, y []T, relu bool)
	normSums func(x, dy, mean, scale, shift, sum, product []T, relu bool)
	normGrad func(x, dy, mean, scale, shift, pull, slope, dx []T, relu bool)
}

// implementations lists what this machine can run, the fastest last.
var implementations = append([]*implementation{
	{"generic", genericTable[float32](), genericTable[float64]()},
	{"portable", portableTable[float32](), portableTable[float64]()},
}, simd()...)

var chosen atomic.Pointer[implementation]

// Variable is the environment variable that chooses an implementation by name,
// for tests and bug reports.
const Variable = "STHENO_CPU"

var environmentError error

func init() {
	chosen.Store(implementations[len(implementations)-1])
	if name := os.Getenv(Variable); name != "" {
		if err := Use(name); err != nil {
			environmentError = fmt.Errorf("%s: %w", Variable, err)
		}
	}
}

// EnvironmentError says what is wrong with the environment variable
// STHENO_CPU: that this machine cannot run what it asks for.
func EnvironmentError() error { return environmentError }

func genericTable[T Float]() table[T] {
	return table[T]{
		gemm: genericGemm[T], affine: genericAffine[T],
		convolve: genericConvolve[T], convolveGrad: genericConvolveGrad[T], winograd: genericTransforms[T](),
		slide:     func(s Conv, _ Algorithm, x, w, b, y []T, relu bool) { genericConvolve(s, x, w, b, y, relu) },
		slideGrad: func(g *convGrad[T], _ Algorithm) { genericConvolveGrad(g) },
		add:       genericAdd[T], scale: genericScale[T], biasReLU: genericBiasReLU[T], reluGrad: genericReLUGrad[T], adam: genericAdam[T],
		sgd: genericSGD[T], momentum: genericMomentum[T], nesterov: genericNesterov[T], rmsprop: genericRMSprop[T],
		activate: genericActivates[T](), activateGrad: genericActivateGrads[T](),
		lanes: 1, multiplyAdds: genericMultiplyAdds[T],
		times: genericTimes[T], blend: genericBlend[T],
		decode: genericDecode[T], sumRows: genericSumRows[T], transpose: genericTranspose[T],
		moments: genericMoments[T], norm: genericNorm[T], normSums: genericNormSums[T], normGrad: genericNormGrad[T],
		most: genericMost[T], countEqual: genericCountEqual[T], whereEqual: genericWhereEqual[T],
		pools: genericPools[T](), depthwises: genericDepthwise[T](),
	}
}

func portableTable[T Float]() table[T] {
	t := genericTable[T]()
	t.gemm, t.affine = portableGemm[T], portableAffine[T]
	t.convolve, t.convolveGrad = convolvePatches[T], convolvePatchesGrad[T]
	t.pools, t.depthwises = portableLoops[T]().pools(), portableDepthwise[T]()
	t.slide, t.slideGrad = slide[T], slideGrad[T]
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
