package group_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"stheno/nets/group"
	"stheno/nets/group/mpitest"
)

// build makes a binary of this package's tests with -tags mpi, whatever the tags
// of this build.
func build(t *testing.T) (binary string) {
	t.Helper()
	mpitest.Need(t)
	binary = filepath.Join(t.TempDir(), "group.test")
	if out, err := mpitest.Go("test", "-c", "-tags", "mpi", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

// pass runs a test of the binary as n ranks.
func pass(t *testing.T, binary, test string, n int, env ...string) {
	t.Helper()
	args := mpitest.Args(n, binary, "-test.run", "^"+test+"$", "-test.v")
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(append(cmd.Environ(), mpitest.Env()...), env...)
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "--- PASS: "+test) != n {
		t.Errorf("%v: %s", err, out)
	}
}

// TestOnMPI runs TestRanks as 1 to 4 ranks.
func TestOnMPI(t *testing.T) {
	binary := build(t)
	for n := 1; n <= 4; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) { pass(t, binary, "TestRanks", n) })
	}
}

// TestCloseWaitsOnMPI: ranks that have nothing left to do do not give up the one
// that reports.
func TestCloseWaitsOnMPI(t *testing.T) {
	pass(t, build(t), "TestPatientRanks", 2, group.SilenceVariable+"=1s")
}
