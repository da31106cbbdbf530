#!/usr/bin/env bash
# One would guess: gorgonia.AdamWSolver moves weights, as AdamSolver does, with weight decay
# decoupled from the gradient.
# What happens: its Step returns nil and no weight changes, ever.
# gorgonia v0.9.18, tensor v0.9.24, Go 1.26.8, run 2026-11-30. Output:
#   Adam: [0.997 1.997] after three steps from [1 2]
#   AdamW: [1.000 2.000] after three steps from [1 2]
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

func main() {
	for _, s := range []struct {
		name   string
		solver gorgonia.Solver
	}{{"Adam", gorgonia.NewAdamSolver()}, {"AdamW", gorgonia.NewAdamW()}} {
		g := gorgonia.NewGraph()
		w := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithName("w"), gorgonia.WithShape(2),
			gorgonia.WithValue(tensor.New(tensor.WithBacking([]float64{1, 2}))))
		loss := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(w))))
		if _, err := gorgonia.Grad(loss, w); err != nil {
			panic(err)
		}
		vm := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(w))
		for range 3 {
			if err := vm.RunAll(); err != nil {
				panic(err)
			}
			if err := s.solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{w})); err != nil {
				panic(err)
			}
			vm.Reset()
		}
		fmt.Printf("%s: %.3f after three steps from [1 2]\n", s.name, w.Value().Data())
	}
}
GO
go mod init finding 2>/dev/null
go get gorgonia.org/gorgonia@v0.9.18 gorgonia.org/tensor@v0.9.24 go4.org/unsafe/assume-no-moving-gc@v0.0.0-20231121144256-b99613f794b6 2>/dev/null
out=$(go run .)
echo "$out"
[[ $out == "Adam: [0.997 1.997] after three steps from [1 2]
AdamW: [1.000 2.000] after three steps from [1 2]" ]]
