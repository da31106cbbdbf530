// Command compare says what runs have learned and what they cost: which is
// more accurate, on which classes, at how many times the cost.
//
//	go run ./cmd/compare -h
package main

import (
	"os"

	"stheno/cmd/compare/command"
)

func main() { os.Exit(command.Main()) }
