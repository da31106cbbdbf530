#!/usr/bin/env bash
# One would guess: a transparent colour in an SVG by gonum/plot is fill-opacity 0 beside a
# valid colour, or no fill.
# What happens: the colour is divided by its alpha of 0, and the NaN made an integer:
# fill:#-8000000000000000-8000000000000000-8000000000000000 on amd64. Browsers draw
# it as if it were not there; what parses colours strictly refuses the file, and what an
# integer of NaN is differs between architectures.
# gonum.org/v1/plot v0.16.0, Go 1.26.8, amd64, run 2026-11-30. Output:
#   fill:#-8000000000000000-8000000000000000-8000000000000000
set -euo pipefail
[[ $(go env GOARCH) == amd64 ]] || { echo "the output of amd64 is stated"; exit 0; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >main.go <<'GO'
package main

import (
	"image/color"
	"os"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgsvg"
)

func main() {
	c := vgsvg.New(100, 100)
	c.SetColor(color.Transparent)
	var p vg.Path
	p.Move(vg.Point{})
	p.Line(vg.Point{X: 10})
	p.Line(vg.Point{X: 10, Y: 10})
	p.Close()
	c.Fill(p)
	if _, err := c.WriteTo(os.Stdout); err != nil {
		panic(err)
	}
}
GO
go mod init finding 2>/dev/null
go get gonum.org/v1/plot@v0.16.0 2>/dev/null
go mod tidy 2>/dev/null
out=$(go run . | grep -o 'fill:#[-0-9A-Fa-f]*' | sort -u)
echo "$out"
[[ $out == "fill:#-8000000000000000-8000000000000000-8000000000000000" ]]
