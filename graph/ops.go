package graph

import (
	"errors"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Ops writes mathematics into a graph. There are two of them, [Fused] and
// [Stock], which compute the same: choosing one is the switch between this
// package's ops and Gorgonia's own, for tests and for the benchmark.
type Ops interface {
	MetricOps
	PoolOps
	DepthwiseOps
	NormOps
	ActivationOps
	MergeOps
	ShapeOps
	NoiseOps
	PenaltyOps

	// Affine is x (N,...) · w (I,O) + b (O) -> (N,O), rectified if relu. b may be nil.
	Affine(x, w, b *gorgonia.Node, relu bool) (*gorgonia.Node, error)

	// Convolve is x (N,H,W,C) * w (KH,KW,C/groups,F) + b (F) -> (N,OH,OW,F), rectified
	// if relu. A nil b is none.
	Convolve(x, w, b *gorgonia.Node, over Window, groups int, relu bool) (*gorgonia.Node, error)

	// Flatten is x (N,...) -> (N,I), a view.
	Flatten(x *gorgonia.Node) (*gorgonia.Node, error)

	// Dropout drops elements of x with probability rate, as source says.
	Dropout(x *gorgonia.Node, rate float64, source rand.Source) (*gorgonia.Node, error)

	// Softmax is x (N,...,C) -> probabilities (N,...,C) along the last axis.
	Softmax(x *gorgonia.Node) (*gorgonia.Node, error)

	// CrossEntropy is the mean cross-entropy of logits x (N,C) against labels
	// (N) of type int, of which the share smoothing is spread over all classes.
	// After a run, hits says how many rows are right.
	CrossEntropy(x, labels *gorgonia.Node, smoothing float64) (loss *gorgonia.Node, hits func() int, err error)
}

// Fused are the ops of this package.
var Fused = FusedWith(kernel.Auto)

// FusedWith are the ops of this package, with an algorithm for convolutions.
func FusedWith(convolution Algorithm) Ops { return fused{convolution} }

type fused struct{ convolution Algorithm }

func (fused) Affine(x, w, b *gorgonia.Node, relu bool) (*gorgonia.Node, error) {
	return either(Affine[float32]{relu}, Affine[float64]{relu}, given(x, w, b)...)
}

func (f fused) Convolve(x, w, b *gorgonia.Node, over Window, groups int, relu bool) (*gorgonia.Node, error) {
	return either(Convolve[float32]{relu, f.convolution, over, groups}, Convolve[float64]{relu, f.convolution, over, groups}, given(x, w, b)...)
}

func (fused) Flatten(x *gorgonia.Node) (*gorgonia.Node, error) {
	to := rowsOf(x)
	if to == nil {
		return nil, errNoRows
	}
	return either(Reshape[float32]{to}, Reshape[float64]{to}, x)
}

var errNoRows = errors.New("graph: Flatten: wants x (N,...), got a scalar or nil")

// rowsOf is the shape of x with one row for each of its N, nil without an N.
func rowsOf(x *gorgonia.Node) tensor.Shape {
	if x == nil || x.Dims() == 0 {
		return nil
	}
	s := x.Shape()
	return tensor.Shape{s[0], s[1:].TotalSize()}
}

func (fused) Dropout(x *gorgonia.Node, rate float64, source rand.Source) (*gorgonia.Node, error) {
	return either(Dropout[float32]{rate, source}, Dropout[float64]{rate, source}, x)
}

func (fused) Softmax(x *gorgonia.Node) (*gorgonia.Node, error) {
	return either(Softmax[float32]{}, Softmax[float64]{}, x)
}

func (fused) CrossEntropy(x, labels *gorgonia.Node, smoothing float64) (*gorgonia.Node, func() int, error) {
	hits := new(int)
	loss, err := either(CrossEntropy[float32]{hits, smoothing}, CrossEntropy[float64]{hits, smoothing}, x, labels)
	return loss, func() int { return *hits }, err
}

// given are a layer's inputs, without the bias if it is nil.
func given(x, w, b *gorgonia.Node) gorgonia.Nodes {
	if b == nil {
		return gorgonia.Nodes{x, w}
	}
	return gorgonia.Nodes{x, w, b}
}

// either applies the op of the first input's element type.
func either(op32, op64 Op, in ...*gorgonia.Node) (*gorgonia.Node, error) {
	return Apply(choose(op32, op64, in), in...)
}

// choose is the op of the first input's element type.
func choose(op32, op64 Op, in gorgonia.Nodes) Op {
	if in[0] != nil && in[0].Dtype() == tensor.Float64 {
		return op64
	}
	return op32
}
