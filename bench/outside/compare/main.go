package main

import (
	"os"

	_ "example.com/lenet/gate"
	"stheno/cmd/compare/command"
)

func main() { os.Exit(command.Main()) }
