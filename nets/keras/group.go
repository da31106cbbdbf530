package keras

import (
	"fmt"
	"regexp"
	"strings"
)

// The two places where Keras's snake case begins a word.
var (
	wordOfLower = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	lowerUpper  = regexp.MustCompile(`([a-z])([A-Z])`)
)

// group is the name of a layer's group in the file of weights: its class in snake
// case, from the second of a class on with a number. It has nothing to do with
// the name that the user gives a layer.
func group(class string, used map[string]int) string {
	name := strings.ToLower(lowerUpper.ReplaceAllString(wordOfLower.ReplaceAllString(class, "${1}_$2"), "${1}_$2"))
	n := used[name]
	used[name]++
	if n > 0 {
		name = fmt.Sprintf("%s_%d", name, n)
	}
	return name
}
