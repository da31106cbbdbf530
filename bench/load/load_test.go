package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestMain lets this program be the attackers' process.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "-against") {
		os.Exit(carryOut(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// TestLoad measures for a moment: every answer has the lone client's bytes.
func TestLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	program, err := build(settings{}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code := carryOut([]string{"-program", program, "-net", "mlp", "-for", "200ms", "-clients", "8", "-connections", "16", "-queue", "2", "-rounds", "1", "-datatype", "FP32", "-binary"}, &stdout, &stderr)
	if lines := strings.Count(stdout.String(), "\n"); code != exitOK || lines != 6 || stderr.Len() > 0 {
		t.Errorf("exit code %d, stdout\n%sstderr %s", code, stdout.String(), stderr.String())
	}
	stdout.Reset()
	code = carryOut([]string{"-program", program, "-net", "mlp", "-for", "100ms", "-rounds", "1", "-attack", "drawings,hands", "-attackers", "2", "-open", "3"}, &stdout, &stderr)
	if lines := strings.Count(stdout.String(), "\n"); code != exitOK || lines != 3 || stderr.Len() > 0 {
		t.Errorf("exit code %d, stdout\n%sstderr %s", code, stdout.String(), stderr.String())
	}
	for _, said := range []string{"413: ", "101: 3; 3 connections held"} {
		if !strings.Contains(stdout.String(), said) {
			t.Errorf("no attacker got %q:\n%s", said, stdout.String())
		}
	}
}

func TestUsage(t *testing.T) {
	for _, args := range []string{"-clients 0", "-datatype INT8", "-for 0s", "-threads -1", "more", "-attack none", "-open 0", "-against 127.0.0.1:1", "-attack silent -against example.com:80"} {
		var stdout, stderr bytes.Buffer
		if code := carryOut(strings.Fields(args), &stdout, &stderr); code != exitUsage || !strings.HasPrefix(stderr.String(), "load: ") {
			t.Errorf("%s: exit code %d, stderr %q", args, code, stderr.String())
		}
	}
}
