package onnx

import (
	"cmp"
	"fmt"
	"math"

	"stheno/nets"
)

func init() {
	writes(activation)
	writes(relu)
	writes(leakyReLU)
	writes(elu)
	writes(prelu)
	writes(softmaxOf)
}

// activated gives the activation of y.
func activated(g *Graph, y Value, a nets.Activation, layout Layout) error {
	y, err := g.activate(y, a, layout)
	if err != nil {
		return err
	}
	g.Output(y, layout)
	return nil
}

// activate adds the activation of x, which is in a layout.
func (g *Graph) activate(x Value, a nets.Activation, layout Layout) (Value, error) {
	one := func(op string, attributes ...Attribute) Value { return g.Node(op, []Value{x}, attributes...) }
	times := func(y Value) Value { return g.Node("Mul", []Value{x, y}) }
	switch a {
	case nets.Linear:
		return x, nil
	case nets.ReLU:
		return one("Relu"), nil
	case nets.ReLU6:
		return g.rectify(x, 0, 0, 6), nil
	case nets.LeakyReLU:
		return one("LeakyRelu", Float("alpha", 0.2)), nil
	case nets.ELU:
		return one("Elu"), nil
	case nets.SELU:
		return one("Selu"), nil
	case nets.GELU:
		return g.gelu(x, g.Node("Erf", []Value{g.Node("Mul", []Value{x, g.number("half", math.Sqrt(0.5))})})), nil
	case nets.GELUTanh:
		return g.gelu(x, g.tanhOfGELU(x)), nil
	case nets.SiLU:
		return times(one("Sigmoid")), nil
	case nets.Tanh:
		return one("Tanh"), nil
	case nets.Sigmoid:
		return one("Sigmoid"), nil
	case nets.HardSigmoid:
		return g.hardSigmoid(x), nil
	case nets.HardSiLU:
		return times(g.hardSigmoid(x)), nil
	case nets.Softplus:
		return one("Softplus"), nil
	case nets.Softsign:
		return one("Softsign"), nil
	case nets.Mish:
		return times(g.Node("Tanh", []Value{one("Softplus")})), nil
	case nets.Exponential:
		return one("Exp"), nil
	case nets.Softmax:
		return one("Softmax", Int("axis", channelsOf(layout))), nil
	}
	return "", fmt.Errorf("activation %v cannot be written", a)
}

// channelsOf is the axis of the channels in a layout.
func channelsOf(layout Layout) int {
	if layout == ChannelsFirst {
		return 1
	}
	return -1
}

// number is a constant.
func (g *Graph) number(name string, v float64) Value {
	return g.Constant(name, Tensor{[]int{1}, []float32{float32(v)}})
}

// hardSigmoid adds min(max(0, x+3), 6)/6.
func (g *Graph) hardSigmoid(x Value) Value {
	return g.Node("HardSigmoid", []Value{x}, Float("alpha", 1./6), Float("beta", 0.5))
}

// gelu adds x·(1 + bell)/2.
func (g *Graph) gelu(x, bell Value) Value {
	more := g.Node("Add", []Value{bell, g.number("one", 1)})
	return g.Node("Mul", []Value{g.Node("Mul", []Value{x, more}), g.number("half", 0.5)})
}

// tanhOfGELU adds tanh(√(2/π)·(x + 0.044715·x³)).
func (g *Graph) tanhOfGELU(x Value) Value {
	cube := g.Node("Mul", []Value{g.Node("Mul", []Value{x, x}), x})
	sum := g.Node("Add", []Value{x, g.Node("Mul", []Value{cube, g.number("cubes", 0.044715)})})
	return g.Node("Tanh", []Value{g.Node("Mul", []Value{sum, g.number("scale", math.Sqrt(2/math.Pi))})})
}

// rectify adds min(x, largest) above a threshold, and slope·(x - threshold) below; a
// largest of 0 is none.
func (g *Graph) rectify(x Value, slope, threshold, largest float64) Value {
	if threshold == 0 && largest == 0 {
		if slope == 0 {
			return g.Node("Relu", []Value{x})
		}
		return g.Node("LeakyRelu", []Value{x}, Float("alpha", float32(slope)))
	}
	above, below, from := x, g.number("zero", 0), g.number("threshold", threshold)
	if largest > 0 {
		above = g.Node("Min", []Value{x, g.number("largest", largest)})
	}
	if slope > 0 {
		below = g.Node("Mul", []Value{g.Node("Sub", []Value{x, from}), g.number("slope", slope)})
	}
	return g.Node("Where", []Value{g.Node("Greater", []Value{x, from}), above, below})
}

// activation adds an activation as a layer of its own.
func activation(g *Graph, l nets.Activate) error {
	layout := Any
	if l.With == nets.Softmax {
		layout, _ = g.kept()
	}
	return activated(g, g.Input(layout), l.With, layout)
}

func relu(g *Graph, l nets.ReLULayer) error {
	largest := 0.0
	if l.MaxValue != nil {
		largest = *l.MaxValue
	}
	g.Output(g.rectify(g.Input(Any), l.NegativeSlope, l.Threshold, largest), Any)
	return nil
}

func leakyReLU(g *Graph, l nets.LeakyReLULayer) error {
	g.Output(g.rectify(g.Input(Any), cmp.Or(l.NegativeSlope, 0.3), 0, 0), Any)
	return nil
}

func elu(g *Graph, l nets.ELULayer) error {
	g.Output(g.Node("Elu", []Value{g.Input(Any)}, Float("alpha", float32(cmp.Or(l.Alpha, 1)))), Any)
	return nil
}

// prelu adds max(0, x) - alpha·max(0, -x), whose alpha has the axes of an image.
func prelu(g *Graph, _ nets.PReLU) error {
	layout, _ := g.kept()
	alpha, err := g.Values("alpha")
	if err != nil {
		return err
	}
	if layout == ChannelsFirst {
		alpha = alpha.channelsFirst()
	}
	g.Output(g.Node("PRelu", []Value{g.Input(layout), g.Constant("alpha", alpha)}), layout)
	return nil
}

// channelsFirst brings the last axis to the front.
func (t Tensor) channelsFirst() Tensor {
	last := len(t.Shape) - 1
	channels := t.Shape[last]
	area := len(t.Values) / channels
	moved := Tensor{append([]int{channels}, t.Shape[:last]...), make([]float32, len(t.Values))}
	for p := range area {
		for c := range channels {
			moved.Values[c*area+p] = t.Values[p*channels+c]
		}
	}
	return moved
}

func softmaxOf(g *Graph, _ nets.SoftmaxLayer) error {
	layout, _ := g.kept()
	return activated(g, g.Input(layout), nets.Softmax, layout)
}
