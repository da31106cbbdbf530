// Command serve answers for trained models over HTTP.
//
//	go run ./cmd/serve -h
package main

import (
	"os"

	"stheno/cmd/serve/command"
)

func main() { os.Exit(command.Main()) }
