#!/usr/bin/env bash
# One would guess: running a graph changes no weight; only a solver's step does.
# What happens: with Reshape of a weight, the last reader of the reshaped node writes its
# result in place, into memory that is the weight's own. y = Reshape(w) + 10 adds ten to w in
# every run.
# gorgonia v0.9.18, tensor v0.9.24, Go 1.26.8, run 2026-11-30. Output:
#   [11 12 13 14]
#   [21 22 23 24]
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
	w := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithName("w"), gorgonia.WithShape(4), gorgonia.WithValue(tensor.New(tensor.WithBacking([]float64{1, 2, 3, 4}))))
	gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Reshape(w, tensor.Shape{2, 2})), gorgonia.NewConstant(10.0)))
	vm := gorgonia.NewTapeMachine(g)
	for range 2 {
		if err := vm.RunAll(); err != nil {
			panic(err)
		}
		vm.Reset()
		fmt.Println(w.Value().Data())
	}
}
GO
go mod init finding 2>/dev/null
go get gorgonia.org/gorgonia@v0.9.18 gorgonia.org/tensor@v0.9.24 go4.org/unsafe/assume-no-moving-gc@v0.0.0-20231121144256-b99613f794b6 2>/dev/null
out=$(go run .)
echo "$out"
[[ $out == "[11 12 13 14]
[21 22 23 24]" ]]
