// Command train trains a network that has a name, on MNIST or data like it, and
// resumes any run.
//
//	go run ./cmd/train -h
package main

import (
	"os"

	"stheno/cmd/train/command"
)

func main() {
	os.Exit(command.Main(command.Program{Name: "train", About: "a network by its name"}))
}
