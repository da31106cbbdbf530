//go:build mpi

package group

import (
	"os"

	"stheno/nets/group/mpi"
)

// Start returns the group that this process was started in: MPI's under mpirun
// or srun, else the process alone.
func Start() (Group, error) {
	if size, _ := launched(os.Getenv); size == 0 {
		return Alone{}, nil
	}
	timeout, err := silence(os.Getenv)
	if err != nil {
		return nil, err
	}
	g, err := mpi.Start(timeout, place)
	if err != nil {
		return nil, err
	}
	return g, nil
}

var _ Group = (*mpi.Group)(nil)
