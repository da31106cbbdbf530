package bench

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// picture is the house: arrows go down only. README.md shows it, letter by
// letter. Packages that are not drawn stand on the floor of their folder.
const picture = `
 cmd/mlp  cmd/cnn  cmd/train         programs: main.go is a few lines, the body is the package command below it,
 cmd/predict  cmd/compare            which a program of your own calls, too
 cmd/export   cmd/serve
        |
    nets/run                         a run on disk: settings, checkpoints, logs, resume; its report
        |
    nets/train                       time: Fit, Evaluate, optimizers, schedules, callbacks; knows no file of a run
     /      \
  nets      data                     shape: layers, models, weights   |   rows: files -> batches
    |
  graph                              ops and their gradients as Gorgonia ops; the machine that runs a graph
    |
 graph/kernel                        the loops: generic, portable, AVX2, AVX-512
 bench                               looks at every floor; nobody imports it
`

// arrows say which packages of ours a package may import. Its tests may also
// import what these do, itself, and for ops the kit.
const arrows = `
cmd/mlp                      -> cmd/train/command nets
cmd/cnn                      -> cmd/train/command nets
cmd/train                    -> cmd/train/command
cmd/compare                  -> cmd/compare/command
cmd/predict                  -> cmd/predict/command
cmd/export                   -> cmd/export/command
cmd/serve                    -> cmd/serve/command
cmd/train/command            -> cmd/internal/shell nets/run/report nets/run nets/train/progress nets/train nets nets/durable nets/dot data data/augment data/digit graph graph/kernel nets/onnx nets/group
cmd/compare/command          -> cmd/internal/shell cmd/internal/views nets/run/report nets/run nets/train/progress nets/train nets/durable data
cmd/predict/command          -> cmd/internal/shell cmd/internal/views nets/run nets/train/progress nets/train nets data data/digit data/augment graph/kernel
cmd/export/command           -> cmd/internal/shell nets/run nets nets/durable nets/onnx
cmd/serve/command            -> cmd/internal/shell cmd/serve/internal/page cmd/serve/internal/live cmd/serve/internal/registry cmd/serve/internal/batcher nets/run nets/train data nets graph/kernel nets/durable
cmd/serve/internal/registry  -> cmd/serve/internal/batcher nets/run nets/train nets
cmd/serve/internal/batcher   -> nets
cmd/serve/internal/page      -> nets/run nets/train nets data data/digit
cmd/serve/internal/live      -> cmd/internal/shell cmd/train/command cmd/serve/internal/page nets/train/progress nets/run nets/train nets data
cmd/internal/views           -> nets/run data/augment
cmd/internal/shell           -> nets/run
cmd/internal/commandtest     -> nets/run nets nets/safetensors
cmd/internal/stored          -> cmd/train/command cmd/compare/command cmd/predict/command cmd/export/command cmd/serve/command nets/run nets/train nets graph/kernel
cmd/internal/everylayer      -> cmd/serve/command nets/run/report nets/run nets/train nets/dot nets/onnx nets data graph
cmd/internal/faults          -> nets/run nets/train nets/group
nets/run                     -> nets/train nets nets/durable nets/filekind nets/internal/disk nets/internal/strict nets/safetensors data data/digit graph graph/kernel nets/onnx nets/group nets/embedding
nets/run/report              -> nets/run nets/train/progress nets/train nets nets/embedding data data/augment graph
nets/train                   -> nets nets/internal/strict data data/augment data/unfused graph graph/kernel nets/group nets/embedding
nets/train/progress          -> nets/train
nets/train/traintest         -> nets/train nets data nets/group
nets                         -> nets/filekind nets/keras nets/safetensors nets/summary graph
data                         -> data/digit
data/digit                   ->
data/augment                 -> data/unfused
data/unfused                 ->
nets/group                   -> nets/group/mpi
nets/group/mpi               ->
nets/group/mpitest           ->
nets/pythontest              ->
nets/embedding               -> graph/kernel
nets/onnx                    -> nets
nets/keras                   -> nets/hdf5 nets/safetensors
nets/filekind                -> nets/hdf5
nets/hdf5                    ->
nets/safetensors             ->
nets/summary                 ->
nets/durable                 -> nets/internal/disk
nets/internal/disk           ->
nets/internal/strict         ->
nets/dot                     -> nets nets/summary graph
graph/optest                 -> graph
graph                        -> graph/kernel
graph/kernel                 ->
bench                        -> nets/run nets/train nets data data/augment graph graph/kernel
bench/load                   -> nets/run nets
bench/scale                  -> nets/train nets nets/group data graph/kernel
bench/cpu                    ->
bench/peers                  -> bench/cpu nets/train nets data graph graph/kernel
bench/study                  -> bench/cpu nets/run nets/train nets/durable
`

// outside says who may import Gorgonia, and who its tensors.
const outside = `
gorgonia.org/gorgonia -> graph graph/optest nets nets/dot nets/onnx nets/train bench
gorgonia.org/tensor   -> graph graph/optest nets nets/dot nets/onnx nets/train nets/train/traintest nets/train/progress nets/run nets/run/report bench cmd/train/command cmd/compare/command cmd/predict/command cmd/export/command cmd/serve/command cmd/serve/internal/registry cmd/serve/internal/page cmd/serve/internal/live cmd/internal/commandtest cmd/internal/everylayer bench/load bench/scale
`

// solverExample shows an optimizer of one's own, which is one of Gorgonia's solvers.
const solverExample = "nets/run/example_optimizer_test.go"

// machineFile is the one file that may name Gorgonia's virtual machines.
const machineFile = "graph/machine.go"

// machineTests hold what users of Gorgonia's own machines meet.
var machineTests = []string{"graph/traps_test.go", "graph/lisp_test.go", "graph/table_test.go", "graph/table_machine_test.go", "graph/example_machine_test.go"}

var machines = []string{"VM", "NewTapeMachine", "NewLispMachine", "TapeMachine", "LispMachine"}

// topLevel is all that stands beside the floors.
var topLevel = []string{"graph", "nets", "data", "cmd", "bench", "findings", "go.mod", "go.sum", "README.md", "LICENSE", ".ci", ".gitignore", ".git", "runs", "bin"}

// cgo is the one package with C in it, and only in builds with -tags mpi.
const cgo = "nets/group/mpi"

// kits are the packages that only tests import, those of what stands on a package:
// any, where that is empty.
var kits = map[string]string{
	"graph/optest":             "graph",
	"nets/group/mpitest":       "nets/group",
	"nets/pythontest":          "",
	"nets/train/traintest":     "nets/train",
	"cmd/internal/commandtest": "nets/run",
	"cmd/train/command":        "cmd/internal/shell", // the tests of commands make runs with it
}

// read turns lines "name -> name name" into a map.
func read(text string) map[string][]string {
	m := make(map[string][]string)
	for line := range strings.Lines(strings.TrimSpace(text)) {
		from, to, _ := strings.Cut(line, "->")
		m[strings.TrimSpace(from)] = strings.Fields(to)
	}
	return m
}

var (
	allowed  = read(arrows)
	gorgonia = read(outside)
)

// below is all that can be reached from a package by arrows.
func below(pkg string) []string {
	reached := slices.Clone(allowed[pkg])
	for i := 0; i < len(reached); i++ {
		for _, next := range allowed[reached[i]] {
			if !slices.Contains(reached, next) {
				reached = append(reached, next)
			}
		}
	}
	return reached
}

// violations says what is wrong with a file's imports, and its use of
// Gorgonia's machines. name is its path from the top, with slashes.
func violations(name string, src []byte) (found []string) {
	file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	say := func(format string, args ...any) { found = append(found, name+": "+fmt.Sprintf(format, args...)) }
	pkg, test := path.Dir(name), strings.HasSuffix(name, "_test.go")
	targets, known := allowed[pkg]
	if !known {
		say("package %s stands neither in the picture nor in the arrows of bench/house_test.go", pkg)
	}
	if test {
		targets = append(below(pkg), pkg)
		for kit, of := range kits {
			if of == "" || slices.Contains(targets, of) {
				targets = append(targets, kit)
			}
		}
	}
	for _, spec := range file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		ours, isOurs := strings.CutPrefix(imported, "stheno/")
		users, isGorgonia := gorgonia[imported]
		switch {
		case imported == "C" && (pkg != cgo || !strings.Contains(string(src), "//go:build mpi\n")):
			say("cgo, which only %s has, with -tags mpi", cgo)
		case isOurs && !slices.Contains(targets, ours):
			say("no arrow leads from %s to %s", pkg, ours)
		case isGorgonia && !slices.Contains(users, pkg) && name != solverExample:
			say("%s is imported by %s only", imported, strings.Join(users, ", "))
		case !isGorgonia && strings.HasPrefix(imported, "gorgonia.org/"):
			say("%s is a part of Gorgonia that nobody imports", imported)
		}
		if imported == "gorgonia.org/gorgonia" && name != machineFile && !slices.Contains(machineTests, name) {
			for _, used := range machinesUsed(file, spec) {
				say("%s is for %s alone", used, machineFile)
			}
		}
	}
	return found
}

// machinesUsed are the selectors of an import that name a virtual machine.
func machinesUsed(file *ast.File, spec *ast.ImportSpec) (used []string) {
	alias := "gorgonia"
	if spec.Name != nil {
		alias = spec.Name.Name
	}
	if alias == "." {
		return []string{"a dot import"}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains(machines, s.Sel.Name) {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == alias {
				used = append(used, x.Name+"."+s.Sel.Name)
			}
		}
		return true
	})
	return used
}

// isModule says whether a folder has a module of its own, which is none of the house.
func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// TestArrows reads every Go file of this module, whatever its build constraints.
func TestArrows(t *testing.T) {
	seen := make(map[string]bool)
	err := filepath.WalkDir("..", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() && file != ".." && (strings.ContainsAny(base[:1], "_.") || base == "testdata" || file == filepath.Join("..", "runs") || isModule(file)) {
			return fs.SkipDir
		}
		if entry.IsDir() || filepath.Ext(base) != ".go" {
			return nil
		}
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel("..", file)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		seen[path.Dir(name)] = true
		for _, v := range violations(name, src) {
			t.Error(v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range allowed {
		if !seen[pkg] {
			t.Errorf("%s has arrows, but no files", pkg)
		}
	}
}

// drawn is on which line of the picture's left half each package stands.
func drawn() map[string]int {
	const left = 37
	lines := make(map[string]int)
	for i, line := range strings.Split(picture, "\n") {
		for _, word := range strings.Fields(line[:min(left, len(line))]) {
			if _, ok := allowed[word]; ok {
				lines[word] = i
			}
		}
	}
	lines["bench"] = 0 // beside the house, above all
	return lines
}

// floor is the line of a package, or of the nearest folder that is drawn.
func floor(lines map[string]int, pkg string) int {
	if line, ok := lines[pkg]; ok {
		return line
	}
	if strings.HasPrefix(pkg, "cmd/") {
		return lines["cmd/serve"] // what programs are made of is below all of them
	}
	for ; pkg != "."; pkg = path.Dir(pkg) {
		if line, ok := lines[pkg]; ok {
			return line
		}
	}
	return lines["cmd/serve"]
}

func TestArrowsGoDownInThePicture(t *testing.T) {
	lines := drawn()
	for _, pkg := range []string{"cmd/mlp", "cmd/cnn", "nets/run", "nets/train", "nets", "data", "graph", "graph/kernel", "bench"} {
		if _, ok := lines[pkg]; !ok {
			t.Errorf("%s is not drawn", pkg)
		}
	}
	for from, targets := range allowed {
		_, fromDrawn := lines[from]
		for _, to := range targets {
			_, toDrawn := lines[to]
			down := floor(lines, to) - floor(lines, from)
			if down < 0 || down == 0 && fromDrawn && toDrawn {
				t.Errorf("%s -> %s does not go down", from, to)
			}
			_, kit := kits[to]
			if _, ok := allowed[to]; !ok || kit && to != "cmd/train/command" || to == "bench" {
				t.Errorf("%s -> %s: is no package, or one that nobody but tests imports", from, to)
			}
		}
	}
}

func TestREADMEShowsThePicture(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if os.IsNotExist(err) {
		t.Skip("there is no README.md yet")
	}
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(readme), "\r\n", "\n")
	for pkg := range allowed {
		if !strings.Contains(text, pkg) {
			t.Errorf("README.md does not name the package %s", pkg)
		}
	}
	for _, block := range strings.Split(text, "```") {
		if strings.Contains(block, "cmd/mlp  cmd/cnn") {
			if _, block, _ = strings.Cut(block, "\n"); block != picture[1:] {
				t.Errorf("the picture in README.md is\n%s\nexpected, as in bench/house_test.go,\n%s", block, picture[1:])
			}
			return
		}
	}
	t.Error("README.md has no block with the picture of the house")
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		ignored := strings.HasSuffix(e.Name(), ".test") || strings.HasSuffix(e.Name(), ".prof") // .gitignore
		if !slices.Contains(topLevel, e.Name()) && !ignored {
			t.Errorf("%s stands at the top, where there is only %s", e.Name(), strings.Join(topLevel, ", "))
		}
	}
}

// TestViolationsAreFound breaks each rule once.
func TestViolationsAreFound(t *testing.T) {
	const g, tape = `import "gorgonia.org/gorgonia"; `, `var _ = gorgonia.NewTapeMachine`
	for _, c := range []struct{ file, body, want string }{
		{"nets/dense.go", `import "stheno/nets/train"`, "no arrow leads from nets to nets/train"}, // climbs
		{"nets/dense.go", `import "stheno/data"`, "no arrow leads from nets to data"},             // sideways
		{"data/open.go", `import "stheno/graph"`, "no arrow leads from data to graph"},
		{"data/open.go", `import "stheno/nets"`, "no arrow leads from data to nets"},
		{"graph/op.go", `import "stheno/data"`, "no arrow leads from graph to data"},
		{"graph/op.go", `import "stheno/nets"`, "no arrow leads from graph to nets"},
		{"graph/op.go", `import "stheno/graph/optest"`, "no arrow leads from graph to graph/optest"},
		{"graph/kernel/gemm.go", `import "stheno/graph"`, "no arrow leads from graph/kernel to graph"},
		{"graph/kernel/gemm_test.go", `import "stheno/graph/optest"`, "no arrow leads from graph/kernel to graph/optest"},
		{"nets/train/fit.go", `import "stheno/nets/train/progress"`, "no arrow leads from nets/train to nets/train/progress"},
		{"nets/train/fit.go", `import "stheno/bench"`, "no arrow leads from nets/train to bench"},
		{"nets/safetensors/read.go", `import "stheno/nets"`, "no arrow leads from nets/safetensors to nets"},
		{"cmd/mlp/main.go", `import "stheno/nets/train"`, "no arrow leads from cmd/mlp to nets/train"},
		{"cmd/serve/internal/page/page.go", `import "stheno/cmd/serve/internal/live"`, "no arrow leads from cmd/serve/internal/page to cmd/serve/internal/live"},
		{"cmd/mlp/main.go", `import "stheno/cmd/cnn"`, "no arrow leads from cmd/mlp to cmd/cnn"},
		{"data/open_test.go", `import "stheno/graph"`, "no arrow leads from data to graph"}, // tests too
		{"nets/nets_test.go", `import "stheno/nets/train"`, "no arrow leads from nets to nets/train"},
		{"nets/util/util.go", ``, "package nets/util stands neither"},
		{"nets/dense.go", `import "stheno/nets/util"`, "no arrow leads from nets to nets/util"},
		{"data/batch.go", `import "gorgonia.org/tensor"`, "imported by graph, graph/optest"},
		{"graph/kernel/gemm.go", g, "imported by graph, graph/optest"},
		{"cmd/train/command/train.go", g, "imported by graph, graph/optest"},
		{"graph/op.go", `import "gorgonia.org/cu"`, "part of Gorgonia that nobody imports"},
		{"graph/kernel/gemm.go", `import "C"`, "cgo"},
		{cgo + "/mpi.go", `import "C"`, "cgo"}, // without the tag
		{"graph/op.go", g + tape, "for graph/machine.go alone"},
		{"graph/op_test.go", g + tape, "for graph/machine.go alone"},
		{"nets/model.go", g + `var _ gorgonia.VM`, "for graph/machine.go alone"},
		{"nets/model.go", `import x "gorgonia.org/gorgonia"; var _ = x.NewLispMachine`, "for graph/machine.go alone"},
		{"nets/model.go", `import . "gorgonia.org/gorgonia"`, "for graph/machine.go alone"},

		{"graph/machine.go", g + tape, ""},
		{"graph/lisp_test.go", g + tape, ""},
		{"graph/ops_test.go", g + `import "stheno/graph/optest"; import "stheno/graph"`, ""},
		{"nets/nets_test.go", `import "stheno/graph/kernel"; import "stheno/graph/optest"`, ""}, // a floor skipped downwards
		{"bench/step_test.go", g + `import "stheno/nets/train"; import "gorgonia.org/tensor"`, ""},
		{"cmd/mlp/main.go", `import "stheno/cmd/train/command"; import "stheno/nets"; import "os"`, ""},
	} {
		got := violations(c.file, []byte("package p; "+c.body))
		if c.want == "" && got != nil || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
			t.Errorf("%s with %s: %q, expected %q", c.file, c.body, got, c.want)
		}
	}
}
