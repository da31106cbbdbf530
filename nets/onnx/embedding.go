package onnx

import (
	"math"

	"stheno/nets"
)

func init() {
	writes(normalize)
	writes(cosines)
}

// normalize adds x / |x|, of rows, and zeros where x is.
func normalize(g *Graph, _ nets.Normalize) error {
	x := g.Input(Rows)
	norm := g.Node("ReduceL2", []Value{x}, Ints("axes", -1))
	g.Output(g.Node("Div", []Value{x, atLeast(g, norm)}), Rows)
	return nil
}

// atLeast keeps lengths from being 0, by which nothing can be divided.
func atLeast(g *Graph, norm Value) Value {
	tiny := g.number("tiny", math.SmallestNonzeroFloat32*(1<<23))
	return g.Node("Max", []Value{norm, tiny})
}

// cosines adds x (N,E) · kernel (Units,E), whose rows are brought to length 1 here.
func cosines(g *Graph, _ nets.Cosines) error {
	kernel, err := g.Values("kernel")
	if err != nil {
		return err
	}
	units, in := kernel.Shape[0], kernel.Shape[1]
	w := make([]float32, len(kernel.Values))
	for u := range units {
		row, norm := kernel.Values[u*in:][:in], 0.0
		for _, v := range row {
			norm += float64(v) * float64(v)
		}
		for i, v := range row {
			if norm > 0 {
				w[i*units+u] = float32(float64(v) / math.Sqrt(norm))
			}
		}
	}
	g.Output(g.Node("MatMul", []Value{g.Input(Rows), g.Constant("kernel", Tensor{[]int{in, units}, w})}), Rows)
	return nil
}
