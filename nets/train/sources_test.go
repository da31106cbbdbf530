package train_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sources parses the files, tests aside, of what training runs through.
func sources(t *testing.T, visit func(path string, file *ast.File)) {
	t.Helper()
	for _, floor := range []string{"graph", "nets", "data"} {
		err := filepath.WalkDir(filepath.Join("..", "..", floor), func(path string, d fs.DirEntry, err error) error {
			switch name := d.Name(); {
			case err != nil:
				return err
			case d.IsDir() && (name == "testdata" || strings.HasPrefix(name, "_")):
				return filepath.SkipDir
			case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err == nil {
				visit(filepath.ToSlash(strings.TrimPrefix(path, filepath.Join("..", "..")+string(filepath.Separator))), file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// uses lists the names that a file takes from an imported package.
func uses(file *ast.File, path string) (names []string) {
	local := ""
	for _, spec := range file.Imports {
		if p, _ := strconv.Unquote(spec.Path.Value); p == path {
			local = filepath.Base(strings.TrimSuffix(path, "/v2"))
			if spec.Name != nil {
				local = spec.Name.Name
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && local != "" && x.Name == local {
				names = append(names, s.Sel.Name)
			}
		}
		return true
	})
	return names
}

// watches are the files that may look at the clock, and what for.
var watches = map[string]string{
	"nets/run/leftovers.go":          "whether what a killed program has left has been there for an hour",
	"nets/train/stopwatch.go":        "Stats.Seconds, which nothing that is computed depends on",
	"nets/run/tensorboard.go":        "the time of day that an event file has beside each point",
	"nets/train/progress/display.go": "what a display shows of the time that is left",
	"graph/kernel/parallel.go":       "how long a helper without work spins before it parks",
}

// lots are the files that may draw what no seed explains, and what for.
var lots = map[string]string{
	"nets/run/newfolder.go": "the hidden name of a folder that is being filled, which nobody else may have",
}

// TestOneSeedAndOneClock: no source of randomness but what is passed in, and no
// clock but those of watches, so that one seed explains a run.
func TestOneSeedAndOneClock(t *testing.T) {
	passed := []string{"Rand", "Source", "PCG", "ChaCha8", "Zipf", "New", "NewPCG", "NewChaCha8", "NewZipf"}
	clocks := []string{"Now", "Since", "Until"}
	files, read := 0, 0
	sources(t, func(path string, file *ast.File) {
		files++
		for _, spec := range file.Imports {
			switch spec.Path.Value {
			case `"math/rand"`, `"crypto/rand"`, `"hash/maphash"`:
				if lots[path] == "" {
					t.Errorf("%s imports %s", path, spec.Path.Value)
				}
			}
		}
		for _, name := range uses(file, "math/rand/v2") {
			if !slices.Contains(passed, name) {
				t.Errorf("%s calls rand.%s, which draws from a global source", path, name)
			}
		}
		for _, name := range uses(file, "time") {
			if slices.Contains(clocks, name) && watches[path] == "" {
				t.Errorf("%s calls time.%s", path, name)
			}
			read++
		}
	})
	if files < 40 || read == 0 {
		t.Errorf("%d files looked at, %d uses of package time found: the test looks at the wrong place", files, read)
	}
}
