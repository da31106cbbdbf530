//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// refused asks Stheno's own commands about the run, which they refuse, for they do
// not know its layer; the main.go that each of them prints makes a program that does.
func refused(t *testing.T, lenet, data, picture string, img []byte, answer []float64) {
	module, longer := copied(t), filepath.Join(t.TempDir(), "longer")
	if err := os.CopyFS(longer, os.DirFS(lenet)); err != nil {
		t.Fatal(err)
	}
	asked := map[string][]string{
		"train":   {"-resume", longer, "-epochs", "3"},
		"predict": {"-model", lenet, picture},
		"compare": {lenet},
		"export":  {"-model", lenet, "-out", filepath.Join(t.TempDir(), "lenet.onnx")},
		"serve":   {"-addr", "127.0.0.1:0", "-run", lenet},
	}
	for program, args := range asked {
		o := run(t, "house/"+program, args...)
		first, rest, _ := strings.Cut(o.stderr, "\n")
		_, main, found := strings.Cut(rest, "\npackage main\n")
		if o.code != 1 || o.stdout != "" || !strings.Contains(first, "Gate") || !found {
			t.Errorf("Stheno's own %s: exit code %d, %q, %q", program, o.code, o.stdout, o.stderr)
		}
		paste(t, filepath.Join(module, program), "package main\n"+main)
	}
	cmd := exec.Command("go", "build", "-o", filepath.Join(programs, "pasted")+"/", "./...")
	cmd.Dir = module
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("what is to be pasted does not build: %v: %s", err, out)
	}
	for program, args := range asked {
		if program == "serve" {
			served(t, "pasted/serve", lenet, img, answer)
		} else {
			succeed(t, "pasted/"+program, args...)
		}
	}
	if table := succeed(t, "pasted/train", "-net", "lenet", "-data", data, "-summary"); !strings.Contains(table, "gate (Gate)") {
		t.Errorf("the network by its name is %s", table)
	}
}

// copied is a copy of this module with its layer alone.
func copied(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "gate"), os.DirFS("gate")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), content, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	top, err := filepath.Abs(house)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "mod", "edit", "-replace", "stheno="+top)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go mod edit: %v: %s", err, out)
	}
	return dir
}

// paste makes a main.go.
func paste(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
