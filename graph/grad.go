package graph

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Grad adds to the graph the gradient of the scalar loss by each of the given
// input nodes. It is gorgonia.Grad, with three things added. Ops learn which of
// their inputs depend on these nodes, so that nothing else is computed: the first
// layer of a network has no gradient by its images, for instance. What stock ops add
// beyond that, Build's machine does not run. Each gradient
// has memory of its own, which a solver may write to. And it refuses what
// gorgonia.Grad computes wrong without a word: the gradient of a second loss that
// shares nodes with the first, and that of a gradient.
func Grad(loss *gorgonia.Node, by ...*gorgonia.Node) (grads gorgonia.Nodes, err error) {
	err = protect("gradient: Gorgonia panicked", func() (err error) {
		grads, err = grad(loss, by)
		return err
	})
	if err != nil {
		return nil, err
	}
	return grads, nil
}

func grad(loss *gorgonia.Node, by gorgonia.Nodes) (gorgonia.Nodes, error) {
	if err := differentiable(loss, by); err != nil {
		return nil, fmt.Errorf("graph: gradient: %w", err)
	}
	wanted, depends := make(map[int64]bool), make(map[int64]bool)
	for _, n := range by {
		wanted[n.ID()] = true
	}
	mark(loss, wanted, depends)
	for _, n := range by {
		if !depends[n.ID()] {
			return nil, fmt.Errorf("graph: gradient: the loss does not depend on %s", n.Name())
		}
	}
	for _, n := range append(by[:len(by):len(by)], loss.Graph().AllNodes()...) {
		if depends[n.ID()] && n.Deriv() != nil {
			return nil, secondLoss(n)
		}
	}
	before := slices.Clone(loss.Graph().AllNodes())
	grads, err := gorgonias(loss, by, depends)
	if err != nil {
		return nil, fmt.Errorf("graph: gradient: %w", err)
	}
	err = own(by, grads)
	noteIdle(loss.Graph(), before)
	return grads, err
}

// gorgonias is gorgonia.Grad, which panics where it comes to an op without a gradient.
func gorgonias(loss *gorgonia.Node, by gorgonia.Nodes, depends map[int64]bool) (gorgonia.Nodes, error) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		for _, n := range loss.Graph().AllNodes() {
			if _, ok := n.Op().(gorgonia.SDOp); !ok && n.Op() != nil && depends[n.ID()] {
				refuse("gradient: Gorgonia has none of %s, which the loss depends on", n.Name())
			}
		}
		panic(r)
	}()
	return gorgonia.Grad(loss, by...)
}

// differentiable refuses what is no loss, and what no loss is differentiated by.
func differentiable(loss *gorgonia.Node, by gorgonia.Nodes) error {
	switch {
	case loss == nil:
		return errors.New("there is no loss: it is nil")
	case len(by) == 0:
		return errors.New("by nothing: name the nodes to differentiate by")
	case !loss.IsScalar():
		return fmt.Errorf("the loss has the shape %v, must be a scalar: take its gorgonia.Sum or Mean", loss.Shape())
	case !isFloat(loss.Dtype()):
		return fmt.Errorf("the loss has the element type %v, must be float32 or float64", loss.Dtype())
	}
	for i, n := range by {
		switch {
		case n == nil:
			return fmt.Errorf("node %d to differentiate by is nil", i)
		case n.Graph() != loss.Graph():
			return fmt.Errorf("%s is a node of another graph than the loss", n.Name())
		case !n.IsVar():
			return fmt.Errorf("%s is not an input: only inputs and weights can be differentiated by", n.Name())
		case !isFloat(n.Dtype()):
			return fmt.Errorf("%s has the element type %v: only float32 and float64 can be differentiated by", n.Name(), n.Dtype())
		}
	}
	return nil
}

func secondLoss(n *gorgonia.Node) error {
	return fmt.Errorf("graph: gradient: %s has a gradient already, and Gorgonia keeps one for each node: call Grad once for all nodes, with the sum of the losses, or build a graph for each loss; second derivatives are not supported", n.Name())
}

// mark finds out whether n depends on a wanted node, and tells every op on the
// way which of its inputs do.
func mark(n *gorgonia.Node, wanted, depends map[int64]bool) bool {
	if known, ok := depends[n.ID()]; ok {
		return known
	}
	result := wanted[n.ID()]
	for _, child := range childrenOf(n) {
		result = mark(child, wanted, depends) || result
	}
	if a, ok := n.Op().(*adapter); ok && a.isFirst() {
		for i, in := range a.call.in {
			a.call.wants[i] = depends[in.ID()]
		}
	}
	depends[n.ID()] = result
	return result
}

// own gives each node a gradient that is its alone, by a copy where Gorgonia has
// none: the gradient of a sum's terms is one node, and that of the loss itself a
// constant of the whole process. A stock solver scales gradients in place and
// zeroes them, and would do so to all who share it.
func own(by, grads gorgonia.Nodes) error {
	sharers := make(map[*gorgonia.Node]map[*gorgonia.Node]bool)
	for i, n := range by {
		source := memoryOf(grads[i])
		if sharers[source] == nil {
			sharers[source] = make(map[*gorgonia.Node]bool)
		}
		sharers[source][n] = true
	}
	for i, n := range by {
		source := memoryOf(grads[i])
		if !isLeaf(source) && len(sharers[source]) == 1 {
			continue
		}
		if n.Deriv() == grads[i] {
			copied, err := either(duplicate[float32]{}, duplicate[float64]{}, grads[i])
			if err != nil {
				return err
			}
			gorgonia.SetDerivOf(copied, n)
		}
		grads[i] = n.Deriv()
	}
	return nil
}

// ownAll is own of all gradients that a graph's leaves have, gorgonia.Grad's too.
func ownAll(g *gorgonia.ExprGraph) error {
	var by, grads gorgonia.Nodes
	for _, n := range g.AllNodes() {
		if n.IsVar() && n.Deriv() != nil && isFloat(n.Dtype()) {
			by, grads = append(by, n), append(grads, n.Deriv())
		}
	}
	return own(by, grads)
}

// memoryOf is the node whose memory a view, ours or Gorgonia's, is of.
func memoryOf(n *gorgonia.Node) *gorgonia.Node {
	for {
		_, ours := Of(n).(view)
		children := childrenOf(n)
		if !ours && fmt.Sprintf("%T", n.Op()) != "gorgonia.reshapeOp" || len(children) == 0 {
			return n
		}
		n = children[0]
	}
}

// duplicate is a copy: x (...) -> y (...) = x.
type duplicate[T Float] struct{ likeFirst }

func (duplicate[T]) String() string { return "Copy" }

func (duplicate[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

func (duplicate[T]) Run(out, in []gorgonia.Value) error {
	copy(Slice[T](out[0]), Slice[T](in[0]))
	return nil
}
