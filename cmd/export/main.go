// Command export writes the model of a run, or a file of weights, as an ONNX
// file for other runtimes.
//
//	go run ./cmd/export -h
package main

import (
	"os"

	"stheno/cmd/export/command"
)

func main() { os.Exit(command.Main()) }
