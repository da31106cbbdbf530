package main

import (
	"os"

	_ "example.com/lenet/gate"
	"stheno/cmd/predict/command"
)

func main() { os.Exit(command.Main()) }
