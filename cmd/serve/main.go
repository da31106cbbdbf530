// Command serve answers for trained models over HTTP.
//
//	go run ./cmd/serve -h
package main

import (
	"os"

	"stheno/cmd/internal/serve"
)

func main() { os.Exit(serve.Main()) }
