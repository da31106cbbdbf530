// Command cnn trains the notebook's convolutional network, two convolutions
// and two dense layers, on MNIST or data like it.
//
//	go run ./cmd/cnn -h
package main

import (
	"os"

	"stheno/cmd/train/command"
	"stheno/nets"
)

func main() {
	os.Exit(command.Main(command.Program{Name: "cnn", About: "a convolutional network of two convolutions and two dense layers", Network: nets.CNN}))
}
