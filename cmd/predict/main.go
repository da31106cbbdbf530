// Command predict asks a trained network about pictures of digits.
//
//	go run ./cmd/predict -h
package main

import (
	"context"
	"os"

	"stheno/cmd/internal/predict"
)

func main() {
	os.Exit(predict.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
