// Command mlp trains the notebook's multi-layer perceptron, 784-512-10, on
// MNIST or data like it.
//
//	go run ./cmd/mlp -h
package main

import (
	"os"

	"stheno/cmd/internal/cli"
	"stheno/nets"
)

func main() {
	os.Exit(cli.Main(cli.App{Name: "mlp", About: "a multi-layer perceptron, 784-512-10 on MNIST", Network: nets.MLP}))
}
