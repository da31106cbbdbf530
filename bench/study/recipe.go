package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// recipeFolder is where the sources of the programs have their recipes.
func recipeFolder() (string, error) {
	const cli = "stheno/cmd/train/command"
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", cli).Output()
	if err != nil {
		return "", fmt.Errorf("go list %s: %w: studies train what this project's sources build: run them in its folder", cli, err)
	}
	return filepath.Join(strings.TrimSpace(string(dir)), "recipes"), nil
}

// recipe is what the entry's recipe says beyond its flags, which go before it: as
// flags, in the order of the recipe's file in dir. A file for the network goes
// before one for all.
func (e entry) recipe(dir string) (string, error) {
	given := values(e.flags)
	name, ok := given["recipe"]
	if !ok {
		name = "notebook"
	}
	content, err := os.ReadFile(filepath.Join(dir, name+"-"+e.network+".txt"))
	if errors.Is(err, fs.ErrNotExist) {
		content, err = os.ReadFile(filepath.Join(dir, name+".txt"))
	}
	if err != nil {
		return "", fmt.Errorf("recipe %q: %w", name, err)
	}
	var holds []string
	for line := range strings.Lines(string(content)) {
		line, _, _ = strings.Cut(line, "#")
		for flag := range values(line) { // one, or none
			if _, ok := given[flag]; !ok {
				holds = append(holds, strings.TrimSpace(line))
			}
		}
	}
	return strings.Join(holds, " "), nil
}

// values are a command line's flags: -name value, -name=value or -name.
func values(flags string) map[string]string {
	m := make(map[string]string)
	fields := strings.Fields(flags)
	for i := 0; i < len(fields); i++ {
		name, value, some := strings.Cut(strings.TrimLeft(fields[i], "-"), "=")
		if !some && i+1 < len(fields) && !strings.HasPrefix(fields[i+1], "-") {
			i++
			value = fields[i]
		}
		m[name] = value
	}
	return m
}
