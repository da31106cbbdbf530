#!/usr/bin/env bash
# One would guess: a dot product of the same float32 numbers in the same order has the same
# bits, wherever the numbers lie in memory.
# What happens: on amd64 gonum's Sdot takes single elements until one operand is aligned to
# 16 bytes and sums lanes from there, so that a copy one float further on is summed in
# another order. A result that shall repeat bit for bit must not depend on it.
# gonum v0.16.0, Go 1.26.8, amd64, run 2026-11-30. Output:
#   the bits of one sum at four places in memory differ: true
set -euo pipefail
[[ $(go env GOARCH) == amd64 ]] || { echo "the output of amd64 is stated"; exit 0; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >main.go <<'GO'
package main

import (
	"fmt"

	"gonum.org/v1/gonum/blas/gonum"
)

func main() {
	seen := make(map[float32]bool)
	x, y := make([]float32, 104), make([]float32, 104)
	for offset := range 4 {
		a, b := x[offset:offset+100], y[offset:offset+100]
		for i := range a {
			a[i], b[i] = 1/float32(i+1), 1/float32(3*i+2)
		}
		seen[gonum.Implementation{}.Sdot(100, a, 1, b, 1)] = true
	}
	fmt.Println("the bits of one sum at four places in memory differ:", len(seen) > 1)
}
GO
go mod init finding 2>/dev/null
go get gonum.org/v1/gonum@v0.16.0 2>/dev/null
out=$(go run .)
echo "$out"
[[ $out == "the bits of one sum at four places in memory differ: true" ]]
