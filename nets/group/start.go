//go:build !mpi

package group

import "os"

// Start returns the group that this process was started in: in this build, which
// has no MPI, the process alone. One of several ranks is refused.
func Start() (Group, error) { return Alone{}, refuse(os.Getenv) }
