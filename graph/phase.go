package graph

import (
	"fmt"
	"reflect"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Phase is what a graph is for. It sets the mode of those of Gorgonia's ops that
// have one: Dropout and BatchNorm. Ops of this package have none.
type Phase int

// The phases.
const (
	AsSet      Phase = iota // each op as the function that builds the graph has left it; Gorgonia makes them for training
	Training                // Dropout drops, BatchNorm takes the batch's own statistics and keeps running ones
	Evaluation              // Dropout is nothing, BatchNorm takes the running statistics
)

// mode is the mode of one of Gorgonia's ops, and what setting it would lose.
type mode struct {
	op             gorgonia.TrainModeOp
	training       bool
	mean, variance tensor.Tensor // BatchNorm's running statistics
}

// batchNorm is Gorgonia's, or its gradient.
type batchNorm interface {
	Stats() (mean, variance tensor.Tensor)
	SetStats(mean, variance tensor.Tensor) error
}

// modesOf are the modes that a graph's ops shall have.
func modesOf(g *gorgonia.ExprGraph, phase Phase) (modes []mode, err error) {
	for _, n := range g.AllNodes() {
		op, ok := n.Op().(gorgonia.TrainModeOp)
		if !ok {
			continue
		}
		m := mode{op: op, training: phase == Training}
		if phase == AsSet {
			if m.training, err = isTraining(op); err != nil {
				return nil, fmt.Errorf("graph: node %v: %w", n, err)
			}
		}
		if b, ok := op.(batchNorm); ok {
			mean, variance := b.Stats()
			m.mean, m.variance = mean.Clone().(tensor.Tensor), variance.Clone().(tensor.Tensor)
		}
		modes = append(modes, m)
	}
	return modes, nil
}

// isTraining reads an op's mode, for which Gorgonia has no method.
func isTraining(op gorgonia.TrainModeOp) (bool, error) {
	v := reflect.Indirect(reflect.ValueOf(op))
	for _, name := range []string{"training", "isTraining"} {
		if v.Kind() != reflect.Struct {
			break
		}
		if f := v.FieldByName(name); f.Kind() == reflect.Bool {
			return f.Bool(), nil
		}
	}
	return false, fmt.Errorf("cannot tell its mode: give Build a phase, Training or Evaluation")
}

// set gives the op its mode, which Gorgonia's machine has changed. Setting it to
// training resets BatchNorm's statistics to a mean of 0 and a variance of 1: those
// that it had are put back, unless it had none yet.
func (m mode) set() error {
	if b, ok := m.op.(batchNorm); ok {
		if err := m.op.SetTraining(true); err != nil {
			return err
		}
		none := tensor.New(tensor.Of(m.variance.Dtype()), tensor.WithShape(m.variance.Shape()...))
		if !m.variance.Eq(none) {
			if err := b.SetStats(m.mean, m.variance); err != nil {
				return err
			}
		}
		if m.training {
			return nil
		}
	}
	return m.op.SetTraining(m.training)
}
