package command

import (
	"embed"
	"flag"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"stheno/cmd/internal/shell"
)

// recipes holds a file NAME.txt for each recipe, or NAME-NETWORK.txt where
// networks differ: a flag and its value a line, and comments behind #.
//
//go:embed recipes/*.txt
var recipes embed.FS

// notebook is the recipe of the flags' defaults.
const notebook = "notebook"

// follow gives the flags that were not given the recipe's values.
func (s *settings) follow(network string, f *flag.FlagSet) error {
	lines, err := recipe(s.Recipe, network)
	if err != nil {
		return err
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, " ")
		name = strings.TrimPrefix(name, "-")
		if s.given[name] {
			continue
		}
		if err := f.Set(name, strings.TrimSpace(value)); err != nil {
			return fmt.Errorf("recipe %s: %s: %w", s.Recipe, line, err)
		}
	}
	return nil
}

// recipe reads the lines of a recipe for a network.
func recipe(name, network string) ([]string, error) {
	content, err := fs.ReadFile(recipes, path.Join("recipes", name+"-"+network+".txt"))
	if err != nil {
		content, err = fs.ReadFile(recipes, path.Join("recipes", name+".txt"))
	}
	switch known := slices.Contains(recipeNames(), name); { // a name, and no path
	case !known:
		return nil, shell.Usagef("-recipe %s: there are %s", shell.Quoted(name), strings.Join(recipeNames(), ", "))
	case err != nil:
		return nil, shell.Usagef("-recipe %s: there is none for the network %s: leave the flag out, and say the settings by theirs", name, network)
	}
	var lines []string
	for line := range strings.Lines(string(content)) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// recipeNames are the names of all recipes, in order.
func recipeNames() (names []string) {
	files, _ := fs.ReadDir(recipes, "recipes") // which is embedded, and so is there
	for _, f := range files {
		name, _, _ := strings.Cut(strings.TrimSuffix(f.Name(), ".txt"), "-")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
