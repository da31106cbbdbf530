#!/usr/bin/env bash
# One would guess: gorgonia.SoftMax of a row does not depend on the other rows of the batch,
# and subtracts the row's maximum, so that large logits do not overflow.
# What happens: what is subtracted takes the first element of the WHOLE batch for the first
# of each row. A row far below the batch's first element becomes NaN.
# gorgonia v0.9.18, tensor v0.9.24, Go 1.26.8, run 2026-11-30. Output:
#   [0.4223 0.4223 0.1554]
#   [NaN NaN NaN]
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
	for _, rows := range [][]float64{{-1000, -1000, -1001}, {1000, 999, 0, -1000, -1000, -1001}} {
		g := gorgonia.NewGraph()
		x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithName("x"), gorgonia.WithShape(len(rows)/3, 3),
			gorgonia.WithValue(tensor.New(tensor.WithShape(len(rows)/3, 3), tensor.WithBacking(rows))))
		y := gorgonia.Must(gorgonia.SoftMax(x))
		if err := gorgonia.NewTapeMachine(g).RunAll(); err != nil {
			panic(err)
		}
		fmt.Printf("%.4f\n", y.Value().Data().([]float64)[len(rows)-3:])
	}
}
GO
go mod init finding 2>/dev/null
go get gorgonia.org/gorgonia@v0.9.18 gorgonia.org/tensor@v0.9.24 go4.org/unsafe/assume-no-moving-gc@v0.0.0-20231121144256-b99613f794b6 2>/dev/null
out=$(go run .)
echo "$out"
[[ $out == "[0.4223 0.4223 0.1554]
[NaN NaN NaN]" ]]
