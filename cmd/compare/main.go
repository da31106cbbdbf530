// Command compare says what runs have learned and what they cost: which is
// more accurate, on which classes, at how many times the cost.
//
//	go run ./cmd/compare -h
package main

import (
	"context"
	"os"

	"stheno/cmd/internal/compare"
)

func main() {
	os.Exit(compare.Command(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}
