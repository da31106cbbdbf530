#!/usr/bin/env bash
# One would guess: two constants with different numbers are two nodes of a graph, the more
# so when WithName gives each a name of its own.
# What happens: whether two constants of one type and shape are the same is decided by how
# their numbers print, and a vector of nine or more prints its first and last four only.
# Constants that differ in the middle are one node, whose numbers are those of the first,
# without an error. Names do not keep them apart. Tests with short vectors pass, and so do
# numbers of different length (1 and 100), as these print in wider columns.
# gorgonia v0.9.18, tensor v0.9.24, Go 1.26.8, run 2026-12-01. Output:
#   8 numbers: the sum of second is 14
#   9 numbers: the sum of second is 9 where 15 is right
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

// sum of x*second, for x = (1,1,...), second = (1,1,1,1,7,1,...), in a graph that has x*first, first = (1,1,...), too.
func sum(n int) any {
	ones := slices.Repeat([]float64{1}, n)
	seven := slices.Clone(ones)
	seven[4] = 7
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithName("x"), gorgonia.WithShape(n), gorgonia.WithValue(tensor.New(tensor.WithBacking(slices.Clone(ones)))))
	first := gorgonia.NewConstant(tensor.New(tensor.WithBacking(ones)), gorgonia.WithName("first"))
	second := gorgonia.NewConstant(tensor.New(tensor.WithBacking(seven)), gorgonia.WithName("second"))
	gorgonia.Must(gorgonia.HadamardProd(x, first))
	s := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.HadamardProd(x, second))))
	if err := gorgonia.NewTapeMachine(g).RunAll(); err != nil {
		panic(err)
	}
	return s.Value()
}

func main() {
	fmt.Println("8 numbers: the sum of second is", sum(8))
	fmt.Println("9 numbers: the sum of second is", sum(9), "where 15 is right")
}
GO
go mod init finding 2>/dev/null
go get gorgonia.org/gorgonia@v0.9.18 gorgonia.org/tensor@v0.9.24 go4.org/unsafe/assume-no-moving-gc@v0.0.0-20231121144256-b99613f794b6 2>/dev/null
out=$(go run .)
echo "$out"
[[ $out == "8 numbers: the sum of second is 14
9 numbers: the sum of second is 9 where 15 is right" ]]
