// Command mlp trains the notebook's multi-layer perceptron, 784-512-10, on
// MNIST or data like it.
//
//	go run ./cmd/mlp -h
package main

import (
	"os"

	"stheno/cmd/train/command"
	"stheno/nets"
)

func main() {
	os.Exit(command.Main(command.Program{Name: "mlp", About: "a multi-layer perceptron, 784-512-10 on MNIST", Network: nets.MLP}))
}
