#!/usr/bin/env bash
# One would guess: Go's math.Sin and Cos give the same bits in every build for amd64, since
# the language fixes float64 and a sine is a plain Go function there.
# What happens: with GOAMD64=v3 the compiler fuses products and sums of their source, which
# the language allows, so each such pair is rounded once instead of twice and last bits
# differ. What is assembly on amd64 (Exp, Log) is the same, and so is Pow of integers.
# Two binaries of one commit thus train to different bits, if a cosine is in the schedule.
# Go 1.26.8, amd64 with FMA and AVX2, run 2026-11-30. Output:
#   Sin differs, Cos differs, Exp is the same, Pow is the same
set -euo pipefail
for set in fma avx2; do grep -qw $set /proc/cpuinfo || { echo "this processor has no $set"; exit 0; }; done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >main.go <<'GO'
package main

import (
	"fmt"
	"hash/fnv"
	"math"
)

func main() {
	for name, f := range map[string]func(float64) float64{
		"Sin": math.Sin, "Cos": math.Cos, "Exp": math.Exp,
		"Pow": func(x float64) float64 { return math.Pow(0.9, math.Floor(x)) },
	} {
		h := fnv.New64()
		for i := range 10000 {
			fmt.Fprint(h, math.Float64bits(f(float64(i)/70)))
		}
		fmt.Printf("%s %x\n", name, h.Sum64())
	}
}
GO
go mod init finding 2>/dev/null
for level in v1 v3; do GOAMD64=$level go run . >$level; done
said() { if cmp -s <(grep "$1" v1) <(grep "$1" v3); then echo -n "$1 is the same"; else echo -n "$1 differs"; fi; }
out="$(said Sin), $(said Cos), $(said Exp), $(said Pow)"
echo "$out"
[[ $out == "Sin differs, Cos differs, Exp is the same, Pow is the same" ]]
