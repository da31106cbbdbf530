package command

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stheno/cmd/internal/commandtest"
	"stheno/graph/kernel"
)

func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := Run(t.Context(), []string{"-h"}, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
		t.Errorf("exit code %d, stderr %q", code, stderr.String())
	}
	if d := cmp.Diff(commandtest.Read(t, "testdata", "help-serve.txt"), stdout.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestCommandLine(t *testing.T) {
	dir := write(t, filepath.Join(t.TempDir(), "run"), "mlp", small, 3, 1)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, c := range []struct {
		args  string
		code  int
		words string
	}{
		{"-run a -data b", 2, "-data is for a server that trains"},
		{dir + " -addr :0", 2, "flags must stand before"},
		{"-batch 0 " + dir, 2, "-batch 0"},
		{"-batch 257 " + dir, 2, "-batch 257"},
		{"-wait -1s " + dir, 2, "-wait -1s"},
		{"-queue 0 " + dir, 2, "-queue 0"},
		{"-max-body 0 " + dir, 2, "-max-body 0"},
		{"-threads -1 " + dir, 2, "-threads -1"},
		{"-log xml " + dir, 2, `-log "xml"`},
		{"-run=", 2, "name the folder of the run"},
		{"-port 7", 2, "flag provided but not defined: -port"},
		{"nowhere", 1, "nowhere: is no run folder"},
		{"-addr nowhere.invalid:x " + dir, 1, "-addr"},
		{"-addr " + busy.Addr().String() + " " + dir, 1, "address already in use"},
	} {
		var stdout, stderr bytes.Buffer
		code := Run(t.Context(), strings.Fields(c.args), &stdout, &stderr)
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		if last := lines[len(lines)-1]; code != c.code || !strings.HasPrefix(last, "serve: ") || !strings.Contains(last, c.words) || stdout.Len() > 0 {
			t.Errorf("%s: exit code %d, stdout %q, stderr %s", c.args, code, stdout.String(), stderr.String())
		}
	}
}

// TestRun: one line on stdout, a log on stderr in either form, 0 at the end.
func TestRun(t *testing.T) {
	dir := write(t, filepath.Join(t.TempDir(), "run"), "mlp", small, 3, 1)
	var out, failure bytes.Buffer
	if code := Run(t.Context(), []string{"-addr", "127.0.0.1:0", "-cpuprofile", filepath.Join(dir, "none", "x"), dir}, &out, &failure); code != 1 || !strings.Contains(failure.String(), "serve: -cpuprofile: ") {
		t.Errorf("exit code %d, stderr %s", code, failure.String())
	}
	for _, form := range []string{"text", "json"} {
		ctx, cancel := context.WithCancel(t.Context())
		var stdout, stderr commandtest.Buffer
		code, profiled := make(chan int), filepath.Join(t.TempDir(), "cpu.prof")
		go func() {
			code <- Run(ctx, []string{"-addr", "127.0.0.1:0", "-log", form, "-access", "-cpuprofile", profiled, dir}, &stdout, &stderr)
		}()
		await(t, "the server", func() bool { return strings.HasSuffix(stdout.String(), "\n") })
		line := stdout.String()
		if !strings.HasPrefix(line, "serving mlp at http://127.0.0.1:") {
			t.Errorf("stdout %q", line)
		}
		get(t, strings.TrimSpace(strings.TrimPrefix(line, "serving mlp at "))+"v2")
		cancel()
		if c := <-code; c != 0 || stdout.String() != line {
			t.Errorf("exit code %d, stdout %q", c, stdout.String())
		}
		if content, err := os.ReadFile(profiled); err != nil || !bytes.HasPrefix(content, []byte("\x1f\x8b")) {
			t.Errorf("the profile is no gzip file: %v", err)
		}
		words := []string{`msg="model loaded"`, "msg=request method=GET path=/v2 status=200", "msg=stopped requests=1"}
		if form == "json" {
			words = []string{`"msg":"model loaded"`, `"msg":"request","method":"GET","path":"/v2","status":200`, `"msg":"stopped","requests":1`}
		}
		for _, w := range words {
			if !strings.Contains(stderr.String(), w) {
				t.Errorf("no %s in the log\n%s", w, stderr.String())
			}
		}
	}
}

// TestHearWhileComputing: a single processor has two threads, and the kernels one.
func TestHearWhileComputing(t *testing.T) {
	defer kernel.SetThreads(0)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	hearWhileComputing(0)
	if p, k := runtime.GOMAXPROCS(0), kernel.Threads(); p != 2 || k != 1 {
		t.Errorf("%d threads, %d of the kernels", p, k)
	}
	runtime.GOMAXPROCS(4)
	kernel.SetThreads(0)
	hearWhileComputing(0)
	if p, k := runtime.GOMAXPROCS(0), kernel.Threads(); p != 4 || k != 4 {
		t.Errorf("of four processors: %d threads, %d of the kernels", p, k)
	}
}
