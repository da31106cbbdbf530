package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestLoad measures for a moment: every answer has the lone client's bytes.
func TestLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	var stdout, stderr bytes.Buffer
	code := run([]string{"-net", "mlp", "-for", "200ms", "-clients", "8", "-connections", "16", "-queue", "2", "-rounds", "1", "-datatype", "FP32", "-binary"}, &stdout, &stderr)
	if lines := strings.Count(stdout.String(), "\n"); code != exitOK || lines != 6 || stderr.Len() > 0 {
		t.Errorf("exit code %d, stdout\n%sstderr %s", code, stdout.String(), stderr.String())
	}
}

func TestUsage(t *testing.T) {
	for _, args := range []string{"-clients 0", "-datatype INT8", "-for 0s", "-threads -1", "more"} {
		var stdout, stderr bytes.Buffer
		if code := run(strings.Fields(args), &stdout, &stderr); code != exitUsage || !strings.HasPrefix(stderr.String(), "load: ") {
			t.Errorf("%s: exit code %d, stderr %q", args, code, stderr.String())
		}
	}
}
