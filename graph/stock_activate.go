package graph

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"stheno/graph/kernel"
)

// Activate is a loop of our own: Gorgonia's Rectify has another derivative at 0, its
// LeakyRelu none for infinities, and most functions it has not.
func (stock) Activate(x *gorgonia.Node, a Activation) (*gorgonia.Node, error) {
	return stockNodes(activateOf[float32](a), activateOf[float64](a), gorgonia.Nodes{x}, func() *gorgonia.Node {
		return plain{
			name: fmt.Sprintf("activate %+v", a), shape: x.Shape(),
			forward: func(y []float64, xs [][]float64) {
				for i, v := range xs[0] {
					y[i] = plainValue(a, v)
				}
			},
			backward: func(dxs [][]float64, dy []float64, xs [][]float64) {
				for i, v := range xs[0] {
					dxs[0][i] = dy[i] * plainDerivative(a, v)
				}
			},
		}.apply(x)
	})
}

// PReLU is Keras's sum of two rectifiers.
func (stock) PReLU(x, alpha *gorgonia.Node) (*gorgonia.Node, error) {
	return stockNodes(PReLU[float32]{}, PReLU[float64]{}, gorgonia.Nodes{x, alpha}, func() *gorgonia.Node {
		images, slopes := x.Shape(), alpha.Shape()
		each := func(do func(i, slope int)) {
			i := 0
			indices(images, func(index []int) {
				do(i, placeOf(index[1:], slopes))
				i++
			})
		}
		return plain{
			name: "prelu", shape: images,
			forward: func(y []float64, xs [][]float64) {
				each(func(i, slope int) { y[i] = math.Max(0, xs[0][i]) - xs[1][slope]*math.Max(0, -xs[0][i]) })
			},
			backward: func(dxs [][]float64, dy []float64, xs [][]float64) {
				each(func(i, slope int) {
					switch x := xs[0][i]; {
					case x > 0:
						dxs[0][i] = dy[i]
					case x < 0:
						dxs[0][i] = dy[i] * xs[1][slope]
						dxs[1][slope] += dy[i] * x
					}
				})
			},
		}.apply(x, alpha)
	})
}

// plainValue is a function of x, in the definitions' words.
func plainValue(a Activation, x float64) float64 {
	e := math.Exp(x)
	switch a.Function {
	case kernel.Rectify:
		above, below := 0.0, a.Slope*math.Max(0, a.Threshold-x)
		if x > a.Threshold {
			above = x
		}
		if a.Max > 0 {
			above = math.Min(above, a.Max)
		}
		return above - below
	case kernel.ELU:
		return math.Max(0, x) + a.Slope*(math.Exp(math.Min(0, x))-1)
	case kernel.SELU:
		return 1.0507009873554805 * plainValue(Activation{Function: kernel.ELU, Slope: 1.6732632423543772}, x)
	case kernel.GELU:
		return x * (1 + math.Erf(x/math.Sqrt(2))) / 2
	case kernel.GELUTanh:
		return x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x))) / 2
	case kernel.SiLU:
		return x * e / (e + 1)
	case kernel.Tanh:
		return (e*e - 1) / (e*e + 1)
	case kernel.Sigmoid:
		return e / (e + 1)
	case kernel.HardSigmoid:
		return math.Max(0, math.Min(1, x/6+0.5))
	case kernel.HardSiLU:
		return x * math.Max(0, math.Min(1, x/6+0.5))
	case kernel.Softplus:
		return math.Log(1 + e)
	case kernel.Softsign:
		return x / (1 + math.Abs(x))
	case kernel.Mish:
		return x * math.Tanh(math.Log(1+e))
	}
	return e
}

// plainDerivative is that of plainValue.
func plainDerivative(a Activation, x float64) float64 {
	e := math.Exp(x)
	step := func(from, to float64) float64 {
		if from < x && x < to {
			return 1
		}
		return 0
	}
	switch a.Function {
	case kernel.Rectify:
		limit := a.Max
		if limit == 0 {
			limit = math.Inf(1)
		}
		return step(a.Threshold, limit) + a.Slope*step(math.Inf(-1), a.Threshold)
	case kernel.ELU:
		return step(0, math.Inf(1)) + a.Slope*e*step(math.Inf(-1), 0)
	case kernel.SELU:
		return 1.0507009873554805 * plainDerivative(Activation{Function: kernel.ELU, Slope: 1.6732632423543772}, x)
	case kernel.GELU:
		return (1+math.Erf(x/math.Sqrt(2)))/2 + x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
	case kernel.GELUTanh:
		u := math.Sqrt(2/math.Pi) * (x + 0.044715*x*x*x)
		return (1+math.Tanh(u))/2 + x/2/math.Pow(math.Cosh(u), 2)*math.Sqrt(2/math.Pi)*(1+3*0.044715*x*x)
	case kernel.SiLU:
		return e * (1 + e + x) / ((1 + e) * (1 + e))
	case kernel.Tanh:
		return 1 / math.Pow(math.Cosh(x), 2)
	case kernel.Sigmoid:
		return e / ((1 + e) * (1 + e))
	case kernel.HardSigmoid:
		return step(-3, 3) / 6
	case kernel.HardSiLU:
		return step(3, math.Inf(1)) + step(-3, 3)*(x/3+0.5)
	case kernel.Softplus:
		return e / (1 + e)
	case kernel.Softsign:
		return 1 / math.Pow(1+math.Abs(x), 2)
	case kernel.Mish:
		s := math.Log(1 + e)
		return math.Tanh(s) + x/math.Pow(math.Cosh(s), 2)*e/(1+e)
	}
	return e
}
