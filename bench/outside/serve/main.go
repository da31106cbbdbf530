package main

import (
	"os"

	_ "example.com/lenet/gate"
	"stheno/cmd/serve/command"
)

func main() { os.Exit(command.Main()) }
