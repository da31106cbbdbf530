// Command predict asks a trained network about pictures of digits.
//
//	go run ./cmd/predict -h
package main

import (
	"os"

	"stheno/cmd/predict/command"
)

func main() { os.Exit(command.Main()) }
