package command

import (
	"strings"
	"testing"

	"stheno/nets/run"
)

func TestVersionsSayTheBuild(t *testing.T) {
	if v := versions(); v["go"] == "" || v["GOARCH"] == "" {
		t.Errorf("%v", v)
	}
	was := map[string]string{"go": "go1.25.1", "GOAMD64": "v1", "stheno": "ab"}
	if got := rebuilt(was, was); got != "" {
		t.Errorf("the same build: %q", got)
	}
	is := map[string]string{"go": "go1.25.1", "GOAMD64": "v3"}
	if got, want := rebuilt(was, is), "GOAMD64 v3, not v1; stheno unknown, not ab"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAnotherBuildIsTold in one line, when a run is resumed.
func TestAnotherBuildIsTold(t *testing.T) {
	dir := small(t)
	t.Chdir(t.TempDir())
	succeed(t, mlp, "-data", dir, "-epochs", "1", "-out", "run")
	f := run.Folder("run")
	c, err := f.ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	c.Versions["GOAMD64"] = "v9"
	if err := f.WriteJSON(run.ConfigFile, c); err != nil {
		t.Fatal(err)
	}
	o := command(t, mlp, "-resume", "run", "-epochs", "2")
	if o.code != 0 || strings.Count(o.stderr, "another build of this program") != 1 || !strings.Contains(o.stderr, "not v9") {
		t.Errorf("exit code %d, %s", o.code, o.stderr)
	}
}
