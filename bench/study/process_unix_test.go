//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProgramsThatAreAskedToSave may save, be done all the same, or fail, which
// must not pass for saved.
func TestProgramsThatAreAskedToSave(t *testing.T) {
	for _, c := range []struct{ trap, want string }{
		{"exit 143", "the time is up"},
		{"trap - TERM; kill -TERM $$", "the time is up"},
		{"exit 0", ""},
		{"echo no space left on device >&2; exit 1", "exit status 1: no space left on device"},
	} {
		d := &driver{programs: t.TempDir(), hard: t.Context()}
		script := "#!/bin/sh\ntrap '" + c.trap + "' TERM\necho ready\nwhile :; do sleep 0.05; done\n"
		if err := os.WriteFile(filepath.Join(d.programs, "mlp"), []byte(script), 0o777); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		err := d.program(ctx, "mlp", nil, func(r io.Reader) error {
			_, err := bufio.NewReader(r).ReadString('\n')
			cancel(stopped{})
			return err
		})
		end := stopped{}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) || errors.As(err, &end) != (c.want == end.Error()) {
			t.Errorf("%s: %v, expected %q", c.trap, err, c.want)
		}
	}
}
