package graph

import (
	"errors"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// NormOps are the part of Ops for normalization over batches and channels. A nil gamma
// is 1, a nil beta 0; both are (C), one for each channel.
type NormOps interface {
	// BatchNorm is x (N,...,C), each channel at mean 0 and variance 1 in the batch,
	// times gamma plus beta, rectified if relu. The batch's moments (C) are outputs too;
	// the variance is that of N numbers, not N-1. Of processes that compute a batch
	// together, with is this one's part; nil is a process alone.
	BatchNorm(x, gamma, beta *gorgonia.Node, epsilon float64, relu bool, with Together) (y, mean, variance *gorgonia.Node, err error)

	// ChannelNorm is BatchNorm with moments (C) that are given.
	ChannelNorm(x, gamma, beta, mean, variance *gorgonia.Node, epsilon float64, relu bool) (*gorgonia.Node, error)

	// LayerNorm is x (N,...,C), each row of C numbers at mean 0 and variance 1, times
	// gamma plus beta.
	LayerNorm(x, gamma, beta *gorgonia.Node, epsilon float64) (*gorgonia.Node, error)
}

func (fused) BatchNorm(x, gamma, beta *gorgonia.Node, epsilon float64, relu bool, with Together) (y, mean, variance *gorgonia.Node, err error) {
	a := affineOf(gamma, beta)
	y, err = either(BatchNorm[float32]{epsilon, a.Scale, a.Center, relu, with}, BatchNorm[float64]{epsilon, a.Scale, a.Center, relu, with}, a.inputs(x)...)
	return moments(y, err)
}

// moments are the outputs of an op that normalizes by a batch's.
func moments(y *gorgonia.Node, err error) (_, mean, variance *gorgonia.Node, _ error) {
	if err == nil {
		mean, err = Output(y, 1)
	}
	if err == nil {
		variance, err = Output(y, 2)
	}
	return y, mean, variance, err
}

func (fused) ChannelNorm(x, gamma, beta, mean, variance *gorgonia.Node, epsilon float64, relu bool) (*gorgonia.Node, error) {
	a := affineOf(gamma, beta)
	return either(ChannelNorm[float32]{epsilon, a.Scale, a.Center, relu}, ChannelNorm[float64]{epsilon, a.Scale, a.Center, relu}, a.inputs(x, mean, variance)...)
}

func (fused) LayerNorm(x, gamma, beta *gorgonia.Node, epsilon float64) (*gorgonia.Node, error) {
	a := affineOf(gamma, beta)
	return either(LayerNorm[float32]{epsilon, a.Scale, a.Center}, LayerNorm[float64]{epsilon, a.Scale, a.Center}, a.inputs(x)...)
}

// The plain twins. Gorgonia's own BatchNorm is none: it has moments of its own.

func (stock) BatchNorm(x, gamma, beta *gorgonia.Node, epsilon float64, relu bool, with Together) (y, mean, variance *gorgonia.Node, err error) {
	a := affineOf(gamma, beta)
	if processesOf(with) > 1 {
		return nil, nil, nil, errors.New("graph: stock nodes: they know nothing of other processes")
	}
	y, err = stockNodes(BatchNorm[float32]{epsilon, a.Scale, a.Center, relu, nil}, BatchNorm[float64]{epsilon, a.Scale, a.Center, relu, nil}, a.inputs(x), func() *gorgonia.Node {
		rows := rowsOfChannels(x)
		mean = must(gorgonia.Mean(rows, 0))
		variance = must(gorgonia.Mean(must(gorgonia.Square(acrossRows(gorgonia.BroadcastSub, rows, mean))), 0))
		return stockNorm(x, gamma, beta, mean, variance, epsilon, relu)
	})
	return y, mean, variance, err
}

func (stock) ChannelNorm(x, gamma, beta, mean, variance *gorgonia.Node, epsilon float64, relu bool) (*gorgonia.Node, error) {
	a := affineOf(gamma, beta)
	return stockNodes(ChannelNorm[float32]{epsilon, a.Scale, a.Center, relu}, ChannelNorm[float64]{epsilon, a.Scale, a.Center, relu}, a.inputs(x, mean, variance), func() *gorgonia.Node {
		return stockNorm(x, gamma, beta, mean, variance, epsilon, relu)
	})
}

// stockNorm is a ChannelNorm in stock nodes.
func stockNorm(x, gamma, beta, mean, variance *gorgonia.Node, epsilon float64, relu bool) *gorgonia.Node {
	deviation := must(gorgonia.Sqrt(must(gorgonia.Add(variance, constant(x, epsilon)))))
	y := acrossRows(gorgonia.BroadcastHadamardDiv, acrossRows(gorgonia.BroadcastSub, rowsOfChannels(x), mean), deviation)
	y = must(gorgonia.Reshape(stockAffine(y, gamma, beta), x.Shape()))
	if relu {
		y = must(gorgonia.Rectify(y))
	}
	return y
}

// stockAffine scales and shifts rows, as far as it is told to.
func stockAffine(rows, gamma, beta *gorgonia.Node) *gorgonia.Node {
	if gamma != nil {
		rows = acrossRows(gorgonia.BroadcastHadamardProd, rows, gamma)
	}
	if beta != nil {
		rows = acrossRows(gorgonia.BroadcastAdd, rows, beta)
	}
	return rows
}

// broadcast is one of Gorgonia's operations that repeat an operand.
type broadcast func(a, b *gorgonia.Node, left, right []byte) (*gorgonia.Node, error)

// acrossRows has every row meet p (C).
func acrossRows(op broadcast, rows, p *gorgonia.Node) *gorgonia.Node {
	return must(op(rows, must(gorgonia.Reshape(p, tensor.Shape{1, rows.Shape()[1]})), nil, []byte{0}))
}

// acrossColumns has every column meet p (N).
func acrossColumns(op broadcast, rows, p *gorgonia.Node) *gorgonia.Node {
	return must(op(rows, must(gorgonia.Reshape(p, tensor.Shape{rows.Shape()[0], 1})), nil, []byte{1}))
}

// rowsOfChannels is x (N,...,C) as rows (N',C).
func rowsOfChannels(x *gorgonia.Node) *gorgonia.Node {
	c := x.Shape()[x.Dims()-1]
	if x.Dims() == 2 {
		return x
	}
	return must(gorgonia.Reshape(x, tensor.Shape{x.Shape().TotalSize() / c, c}))
}

func (stock) LayerNorm(x, gamma, beta *gorgonia.Node, epsilon float64) (*gorgonia.Node, error) {
	a := affineOf(gamma, beta)
	return stockNodes(LayerNorm[float32]{epsilon, a.Scale, a.Center}, LayerNorm[float64]{epsilon, a.Scale, a.Center}, a.inputs(x), func() *gorgonia.Node {
		rows := rowsOfChannels(x)
		off := acrossColumns(gorgonia.BroadcastSub, rows, must(gorgonia.Mean(rows, 1)))
		variance := must(gorgonia.Mean(must(gorgonia.Square(off)), 1))
		deviation := must(gorgonia.Sqrt(must(gorgonia.Add(variance, constant(x, epsilon)))))
		y := acrossColumns(gorgonia.BroadcastHadamardDiv, off, deviation)
		return must(gorgonia.Reshape(stockAffine(y, gamma, beta), x.Shape()))
	})
}
