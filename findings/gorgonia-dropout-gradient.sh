#!/usr/bin/env bash
# One would guess: the gradient of gorgonia.Dropout is scaled as its output is, by 1/(1-p),
# for a kept element.
# What happens: the output is scaled by 1/(1-p) and the gradient by 1/p. At p = 0.5, where
# tests like to look, the two are equal; at p = 0.2 gradients are four times too large.
# gorgonia v0.9.18, tensor v0.9.24, Go 1.26.8, run 2026-11-30. Output:
#   p = 0.2: a kept 1 becomes 1.25, its gradient is 5.00
#   p = 0.5: a kept 1 becomes 2.00, its gradient is 2.00
#   p = 0.8: a kept 1 becomes 5.00, its gradient is 1.25
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >main.go <<'GO'
package main

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func main() {
	for _, p := range []float64{0.2, 0.5, 0.8} {
		g := gorgonia.NewGraph()
		ones := slices.Repeat([]float64{1}, 100)
		x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithName("x"), gorgonia.WithShape(100), gorgonia.WithValue(tensor.New(tensor.WithBacking(ones))))
		y := gorgonia.Must(gorgonia.Dropout(x, p))
		dx, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
		if err != nil {
			panic(err)
		}
		vm := gorgonia.NewTapeMachine(g)
		if err := vm.RunAll(); err != nil {
			panic(err)
		}
		fmt.Printf("p = %.1f: a kept 1 becomes %.2f, its gradient is %.2f\n", p, slices.Max(y.Value().Data().([]float64)), slices.Max(dx[0].Value().Data().([]float64)))
	}
}
GO
go mod init finding 2>/dev/null
go get gorgonia.org/gorgonia@v0.9.18 gorgonia.org/tensor@v0.9.24 go4.org/unsafe/assume-no-moving-gc@v0.0.0-20231121144256-b99613f794b6 2>/dev/null
out=$(go run .)
echo "$out"
[[ $out == "p = 0.2: a kept 1 becomes 1.25, its gradient is 5.00
p = 0.5: a kept 1 becomes 2.00, its gradient is 2.00
p = 0.8: a kept 1 becomes 5.00, its gradient is 1.25" ]]
