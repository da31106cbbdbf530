// Package mpitest starts programs on MPI for tests, and skips them where there
// is none. Only tests import it.
package mpitest

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// Need skips a test that cannot build with -tags mpi, or start what it builds.
func Need(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and starts programs")
	}
	if _, err := exec.LookPath("mpirun"); err != nil {
		t.Skip("there is no mpirun: install Open MPI (apt-get install openmpi-bin libopenmpi-dev pkg-config gcc)")
	}
	if out, err := exec.Command("mpirun", "--version").CombinedOutput(); err != nil || !strings.Contains(string(out), "Open MPI") {
		t.Skip("mpirun is not Open MPI's: install it (apt-get install openmpi-bin libopenmpi-dev pkg-config gcc)")
	}
	cc, err := exec.Command("go", "env", "CC").Output()
	if err == nil {
		_, err = exec.LookPath(strings.TrimSpace(string(cc)))
	}
	if err != nil {
		t.Skip("there is no C compiler: install one (apt-get install gcc libc6-dev)")
	}
	if err := exec.Command("pkg-config", "--exists", "ompi").Run(); err != nil {
		t.Skip("there are no headers of Open MPI: install them (apt-get install libopenmpi-dev pkg-config)")
	}
}

// Go is the command go with these arguments, and with cgo: Go("build", ...).
func Go(args ...string) *exec.Cmd {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	return cmd
}

// Args is the command line that starts a program as n ranks, more than there are
// processors if need be.
func Args(n int, program ...string) []string {
	return append([]string{"mpirun", "--bind-to", "none", "--oversubscribe", "-n", strconv.Itoa(n)}, program...)
}

// Env is what its environment needs besides: mpirun wants root to ask for it.
func Env() []string {
	if os.Getuid() != 0 {
		return nil
	}
	return []string{"OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"}
}
