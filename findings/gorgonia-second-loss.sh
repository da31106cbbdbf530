#!/usr/bin/env bash
# One would guess: two losses that share nodes can each be differentiated in one graph, or
# the second Grad is an error.
# What happens: the second Grad returns the gradient of the first loss, without an error.
# Here sum(x^2) is differentiated first, then sum(x^4), whose gradient at (1,2,3) is (4,32,108).
# gorgonia v0.9.18, tensor v0.9.24, Go 1.26.8, run 2026-11-30. Output:
#   [2 4 6]
#   [2 4 6]
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
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithName("x"), gorgonia.WithShape(3), gorgonia.WithValue(tensor.New(tensor.WithBacking([]float64{1, 2, 3}))))
	square := gorgonia.Must(gorgonia.Square(x))
	for range 2 {
		dx, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(square)), x)
		if err != nil {
			panic(err)
		}
		vm := gorgonia.NewTapeMachine(g)
		if err := vm.RunAll(); err != nil {
			panic(err)
		}
		fmt.Println(dx[0].Value().Data())
		square = gorgonia.Must(gorgonia.Square(square))
	}
}
GO
go mod init finding 2>/dev/null
go get gorgonia.org/gorgonia@v0.9.18 gorgonia.org/tensor@v0.9.24 go4.org/unsafe/assume-no-moving-gc@v0.0.0-20231121144256-b99613f794b6 2>/dev/null
out=$(go run .)
echo "$out"
[[ $out == "[2 4 6]
[2 4 6]" ]]
