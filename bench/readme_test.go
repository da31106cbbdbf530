package bench

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeCommands: the README's commands can be pasted as they stand. None has
// a word for the reader to replace, and what they name is there: data, pictures
// and programs, or a run folder that a command above has named.
func TestReadmeCommands(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "## The most wanted commands\n")
	block, _, _ = strings.Cut(block, "\n## ")
	placeholder := regexp.MustCompile(`\.\.\.|\b[A-Z]{3,}\b`)
	picture := regexp.MustCompile(`\.(jpg|png)$`)
	made, commands := map[string]bool{}, 0
	for line := range strings.Lines(block) {
		command, indented := strings.CutPrefix(line, "    ")
		command, _, _ = strings.Cut(command, " #")
		if !indented || strings.HasPrefix(command, "go test ./...") {
			continue
		}
		commands++
		if word := placeholder.FindString(strings.ReplaceAll(command, "GoMNIST", "")); word != "" {
			t.Errorf("%q is to be replaced in: %s", word, command)
		}
		words := strings.Fields(command)
		for i, word := range words {
			path := strings.TrimPrefix(word, "./")
			switch {
			case strings.ContainsAny(word, "*$(){}|'"), i > 0 && words[i-1] == "-graph", word == "bin/", word == "bin/cnn", !strings.Contains(word, "/") && !picture.MatchString(word):
			case i > 0 && words[i-1] == "-out":
				made[path] = true
			case made[path]:
			default:
				if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(path))); err != nil {
					t.Errorf("%s is not there: %s", word, command)
				}
			}
		}
	}
	if commands < 12 {
		t.Errorf("%d commands found: the test looks at the wrong place", commands)
	}
}
