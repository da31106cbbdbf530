// Command export writes the model of a run, or a file of weights, as an ONNX
// file for other runtimes.
//
//	go run ./cmd/export -h
package main

import (
	"os"

	"stheno/cmd/internal/cli"
)

func main() { os.Exit(cli.Export(os.Args[1:], os.Stdout, os.Stderr)) }
