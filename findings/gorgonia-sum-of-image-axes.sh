#!/usr/bin/env bash
# One would guess: gorgonia.Mean and Sum over the two image axes of a (N,C,H,W) tensor give
# one number for each image and channel, as global average pooling does.
# What happens: over axis 2, or 2 and 3, of four the numbers are wrong from the second image
# on, without an error, where images have more than two rows. Over axis 3, 1 and 2, or all
# axes they are right, and a test with images of 2 x 2 passes.
# gorgonia v0.9.18, tensor v0.9.24, Go 1.26.8, run 2026-11-30. Output:
#   [36 90] where [36 117] is right
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
	x := gorgonia.NewTensor(g, tensor.Float64, 4, gorgonia.WithName("x"), gorgonia.WithShape(1, 2, 3, 3),
		gorgonia.WithValue(tensor.New(tensor.WithShape(1, 2, 3, 3), tensor.WithBacking(tensor.Range(tensor.Float64, 0, 18)))))
	y := gorgonia.Must(gorgonia.Sum(x, 2, 3))
	if err := gorgonia.NewTapeMachine(g).RunAll(); err != nil {
		panic(err)
	}
	fmt.Println(y.Value().Data(), "where [36 117] is right")
}
GO
go mod init finding 2>/dev/null
go get gorgonia.org/gorgonia@v0.9.18 gorgonia.org/tensor@v0.9.24 go4.org/unsafe/assume-no-moving-gc@v0.0.0-20231121144256-b99613f794b6 2>/dev/null
out=$(go run .)
echo "$out"
[[ $out == "[36 90] where [36 117] is right" ]]
