package keras

import (
	"fmt"
	"regexp"
	"strings"
)

// The places where Keras's snake case begins a word, and what is left out: the brackets
// of a Go type with parameters.
var (
	wordOfLower = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	lowerUpper  = regexp.MustCompile(`([a-z])([A-Z])`)
	mark        = regexp.MustCompile(`[^\pL\pN_]+`)
)

// Snake writes a class in lower case as Keras's to_snake_case does, which is the name
// of a layer that has been given none: Conv2D is conv2d, LeakyReLU leaky_re_lu.
func Snake(class string) string {
	class = wordOfLower.ReplaceAllString(mark.ReplaceAllString(class, ""), "${1}_$2")
	return strings.ToLower(lowerUpper.ReplaceAllString(class, "${1}_$2"))
}

// group is the name of a layer's group in the file of weights: its class in snake
// case, from the second of a class on with a number. It has nothing to do with
// the name that the user gives a layer.
func group(class string, used map[string]int) string {
	name := Snake(class)
	n := used[name]
	used[name]++
	if n > 0 {
		name = fmt.Sprintf("%s_%d", name, n)
	}
	return name
}
