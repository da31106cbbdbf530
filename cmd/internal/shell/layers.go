package shell

import (
	"fmt"
	"slices"
	"strings"
)

// asking are the commands that ask a run; the others train.
var asking = []string{"compare", "export", "predict", "serve"}

// withLayers is the main.go of a command that knows the layers of some packages.
func withLayers(program string, packages []string) string {
	body, call := "train", `command.Main(command.Program{Name: "train", About: "a network by its name"})`
	if slices.Contains(asking, program) {
		body, call = program, "command.Main()"
	}
	var imports strings.Builder
	for _, path := range packages {
		fmt.Fprintf(&imports, "\t_ %q\n", path)
	}
	return fmt.Sprintf(`
This main.go, in a folder of your module, is %s with that layer:

package main

import (
	"os"

%s	"stheno/cmd/%s/command"
)

func main() { os.Exit(%s) }
`, body, &imports, body, call)
}
