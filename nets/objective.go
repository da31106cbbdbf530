package nets

import (
	"errors"
	"fmt"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Objective is what a loss has beside the cross-entropy. As in Keras it is part
// of the loss that training shows and of that of an evaluation; a model whose
// Objective is zero evaluates to the plain cross-entropy again, with what its layers'
// Regularizers add.
type Objective struct {
	Loss      Loss    // in place of the cross-entropy; nil is that
	Smoothing float64 // Keras's label_smoothing: this share of each label is spread over all classes; in [0,1)
	Bare      bool    // leave out what layers' Regularizers add
	L2        float64 // Keras's regularizers.l2 of every kernel that is trained: adds L2 · the sum of its squares; 0 or more
}

// loss adds the objective's loss to the graph.
func (o Objective) loss(b *Builder, logits, labels *gorgonia.Node) (loss *gorgonia.Node, hits func() int, err error) {
	if o.Loss != nil {
		loss, hits, err = o.Loss.Loss(b.Ops, logits, labels)
	} else {
		loss, hits, err = b.Ops.CrossEntropy(logits, labels, o.Smoothing)
	}
	if err == nil {
		err = checkLoss(loss, hits, logits.Dtype())
	}
	if err == nil && o.L2 != 0 {
		loss, err = o.shrink(b, loss)
	}
	if err == nil && !o.Bare {
		loss, err = b.penalize(loss)
	}
	return loss, hits, err
}

// shrink adds the penalty of all kernels that are trained.
func (o Objective) shrink(b *Builder, loss *gorgonia.Node) (*gorgonia.Node, error) {
	var kernels gorgonia.Nodes
	for _, w := range b.trained {
		if IsKernel(w.Name()) {
			kernels = append(kernels, w)
		}
	}
	if kernels == nil && len(b.trained) < len(b.weights) { // the frozen ones' penalty is none, as in Keras
		return loss, nil
	}
	return b.Ops.L2(loss, o.L2, kernels...)
}

// checkLoss refuses what a Loss may not give: in an evaluation nothing else would.
func checkLoss(loss *gorgonia.Node, hits func() int, dt tensor.Dtype) error {
	switch {
	case loss == nil:
		return errors.New("nets: the loss gives no node and no error")
	case !loss.IsScalar() || loss.Dtype() != dt:
		return fmt.Errorf("nets: the loss gives %v of shape %v, must give one %v: take its gorgonia.Mean", loss.Dtype(), loss.Shape(), dt)
	case hits == nil:
		return errors.New("nets: the loss gives no function that says how many rows are right")
	}
	return nil
}

// kind is Keras's name of the loss, or ours.
func (o Objective) kind() string {
	if o.Loss != nil {
		return kind(o.Loss)
	}
	return "SparseCategoricalCrossentropy"
}

// IsKernel says of a weight's name whether it is a layer's kernel: what a
// penalty or a decay shrinks. Biases are left alone: they are few, do not
// multiply anything, and shrinking them would only move what a layer gives.
func IsKernel(weight string) bool {
	name := weight[strings.LastIndexByte(weight, '.')+1:]
	return name == "kernel" || name == "depthwise_kernel" || name == "pointwise_kernel"
}
