package main

import (
	"os"

	_ "example.com/lenet/gate"
	"stheno/cmd/export/command"
)

func main() { os.Exit(command.Main()) }
