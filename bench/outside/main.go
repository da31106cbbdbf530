// Command lenet trains a network that has a layer of its own, with all that
// Stheno's own commands have: flags, bar, run folder, resume, report, ONNX.
package main

import (
	"os"

	"example.com/lenet/gate"
	"stheno/cmd/train/command"
)

func main() {
	os.Exit(command.Main(command.Program{Name: "lenet", About: gate.About, Network: gate.LeNet}))
}
