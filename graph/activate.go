package graph

import (
	"errors"
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Activation is a function that numbers go through one by one, with its parameters.
type Activation = kernel.Activation

// The functions of an [Activation].
const (
	Rectify     = kernel.Rectify
	ELU         = kernel.ELU
	SELU        = kernel.SELU
	GELU        = kernel.GELU
	GELUTanh    = kernel.GELUTanh
	SiLU        = kernel.SiLU
	Tanh        = kernel.Tanh
	Sigmoid     = kernel.Sigmoid
	HardSigmoid = kernel.HardSigmoid
	HardSiLU    = kernel.HardSiLU
	Softplus    = kernel.Softplus
	Softsign    = kernel.Softsign
	Mish        = kernel.Mish
	Exponential = kernel.Exponential
)

// ActivationOps are the part of Ops for activations.
type ActivationOps interface {
	// Activate is x (...) -> y (...), y = a(x).
	Activate(x *gorgonia.Node, a Activation) (*gorgonia.Node, error)

	// PReLU is x (N,...) -> y (N,...), y = x above 0 and alpha·x elsewhere, where alpha has
	// x's shape without N, or 1 where all along an axis share it.
	PReLU(x, alpha *gorgonia.Node) (*gorgonia.Node, error)
}

func (fused) Activate(x *gorgonia.Node, a Activation) (*gorgonia.Node, error) {
	return either(activateOf[float32](a), activateOf[float64](a), x)
}

// Activate is a function of each number:
//
//	x (...) -> y (...), y = a(x)
//
// Its fields are those of an [Activation]. Its plain twin is stock's Activate.
type Activate[T Float] struct {
	Function              kernel.Function
	Slope, Threshold, Max float64
}

func activateOf[T Float](a Activation) Activate[T] {
	return Activate[T]{a.Function, a.Slope, a.Threshold, a.Max}
}

func (a Activate[T]) activation() Activation {
	return Activation{Function: a.Function, Slope: a.Slope, Threshold: a.Threshold, Max: a.Max}
}

func (a Activate[T]) String() string {
	return fmt.Sprintf("Activate{%d %v Slope:%v Threshold:%v Max:%v}", int(a.Function), a.Function, a.Slope, a.Threshold, a.Max)
}

func (Activate[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

// Shape takes any, and refuses parameters that make no function.
func (a Activate[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if !a.Function.Known() {
		return nil, fmt.Errorf("there is no function %d", int(a.Function))
	}
	if !(a.Threshold >= 0 && a.Max >= 0) || math.IsNaN(a.Slope) || math.IsInf(a.Slope, 0) || math.IsInf(a.Threshold, 0) {
		return nil, errors.New("the slope must be a number, threshold and maximum 0 or more")
	}
	return []tensor.Shape{in[0].Clone()}, nil
}

func (a Activate[T]) Run(out, in []gorgonia.Value) error {
	kernel.Activate(a.activation(), Slice[T](out[0]), Slice[T](in[0]))
	return nil
}

// Grad is from x and y, of which each function takes what is cheaper.
func (a Activate[T]) Grad(in gorgonia.Nodes, y, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	return applyGradient(activateGrad[T]{of: a}, 1, in[0], y, dy)
}

// activateGrad is Activate's gradient: x, y, dy (...) -> dx = dy·a'(x).
type activateGrad[T Float] struct {
	of Activate[T]
	likeFirst
}

func (g activateGrad[T]) String() string { return fmt.Sprintf("ActivateGrad{%v}", g.of) }

func (activateGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 3) }

func (g activateGrad[T]) Run(out, in []gorgonia.Value) error {
	kernel.ActivateGrad(g.of.activation(), Slice[T](out[0]), Slice[T](in[2]), Slice[T](in[0]), Slice[T](in[1]))
	return nil
}
