package shell

import (
	"runtime/debug"
	"testing"
)

// TestGoRun holds what go run is told to where a program was built, as go version -m
// shows it.
func TestGoRun(t *testing.T) {
	stheno := debug.Module{Path: "stheno", Version: "(devel)"}
	required := debug.Module{Path: "stheno", Version: "v0.0.0", Replace: &debug.Module{Path: "../stheno", Version: "(devel)"}}
	own := debug.Module{Path: "example.com/lenet", Version: "(devel)"}
	for _, c := range []struct {
		name          string
		info          debug.BuildInfo
		this, command string
	}{
		{"in the checkout", debug.BuildInfo{Path: "stheno/cmd/mlp", Main: stheno}, "./cmd/mlp", "./cmd/predict"},
		{"of a file in the checkout", debug.BuildInfo{Path: "command-line-arguments"}, "./cmd/mlp", "./cmd/predict"},
		{"nothing is known", debug.BuildInfo{}, "./cmd/mlp", "./cmd/predict"},
		{"a command, in a module of one's own", debug.BuildInfo{Path: "stheno/cmd/mlp", Main: required}, "stheno/cmd/mlp", "stheno/cmd/predict"},
		{"a command, installed", debug.BuildInfo{Path: "stheno/cmd/mlp", Main: debug.Module{Path: "stheno", Version: "v1.0.0", Sum: "h1:"}}, "stheno/cmd/mlp", "stheno/cmd/predict"},
		{"a program of one's own", debug.BuildInfo{Path: "example.com/lenet", Main: own, Deps: []*debug.Module{&required}}, ".", "stheno/cmd/predict"},
		{"in a folder", debug.BuildInfo{Path: "example.com/lenet/train", Main: own, Deps: []*debug.Module{&required}}, "./train", "stheno/cmd/predict"},
		{"of a file", debug.BuildInfo{Path: "command-line-arguments", Deps: []*debug.Module{&required}}, "main.go", "stheno/cmd/predict"},
	} {
		if got := goRun("mlp", &c.info); got != "go run "+c.this {
			t.Errorf("%s: the program is started by %q, want %q", c.name, got, "go run "+c.this)
		}
		if got := goRunCommand("predict", &c.info); got != "go run "+c.command {
			t.Errorf("%s: predict is started by %q, want %q", c.name, got, "go run "+c.command)
		}
	}
}
