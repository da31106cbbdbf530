#!/usr/bin/env bash
# One would guess: a solver's step changes the weights it is given and clears their gradients.
# What happens: the gradient of a scalar that is added to the loss is Gorgonia's own constant 1,
# shared by all graphs of the process, and clearing it makes that constant 0: every gradient
# computed afterwards, in any graph, is 0.
# gorgonia v0.9.18, tensor v0.9.24, Go 1.26.8, run 2026-11-30. Output:
#   before a step: [2 2]
#   in a new graph, after it: [0 0]
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >main.go <<'GO'
package main

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// gradient of sum(x^2) + s, for x = (1,1) in a graph of its own; step says whether to train it, too.
func gradient(step bool) any {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithName("x"), gorgonia.WithShape(2), gorgonia.WithValue(tensor.New(tensor.WithBacking([]float64{1, 1}))))
	s := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("s"), gorgonia.WithValue(3.0))
	loss := gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(x)))), s))
	d, err := gorgonia.Grad(loss, x, s)
	if err != nil {
		panic(err)
	}
	vm := gorgonia.NewTapeMachine(g)
	if err := vm.RunAll(); err != nil {
		panic(err)
	}
	found := fmt.Sprint(d[0].Value().Data())
	if step {
		if err := gorgonia.NewVanillaSolver().Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{x, s})); err != nil {
			panic(err)
		}
	}
	return found
}

func main() {
	fmt.Println("before a step:", gradient(true))
	fmt.Println("in a new graph, after it:", gradient(false))
}
GO
go mod init finding 2>/dev/null
go get gorgonia.org/gorgonia@v0.9.18 gorgonia.org/tensor@v0.9.24 go4.org/unsafe/assume-no-moving-gc@v0.0.0-20231121144256-b99613f794b6 2>/dev/null
out=$(go run .)
echo "$out"
[[ $out == "before a step: [2 2]
in a new graph, after it: [0 0]" ]]
