package group_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"stheno/nets/group/mpitest"
)

// TestOnMPI builds this package's tests with -tags mpi and runs those that are
// called TestRanks... as 1 to 4 ranks, whatever the tags of this build.
func TestOnMPI(t *testing.T) {
	mpitest.Need(t)
	binary := filepath.Join(t.TempDir(), "group.test")
	if out, err := mpitest.Go("test", "-c", "-tags", "mpi", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for n := 1; n <= 4; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			args := mpitest.Args(n, binary, "-test.run", "^TestRanks", "-test.v")
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Env = append(cmd.Environ(), mpitest.Env()...)
			out, err := cmd.CombinedOutput()
			if err != nil || strings.Count(string(out), "--- PASS: TestRanks") != n {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
