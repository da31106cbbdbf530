package group

import (
	"fmt"
	"os"
	"strconv"
)

// launched says as how many ranks a launcher has started this program, as far
// as its environment tells, and by which variable; 0 is by no launcher. Slurm's
// own variables stand in every process of a job, and tell of ranks only beside
// one of PMI, which srun sets for a program of MPI's.
func launched(getenv func(string) string) (size int, by string) {
	number := func(name string) int {
		n, err := strconv.Atoi(getenv(name))
		if err != nil {
			return 0
		}
		return n
	}
	for _, name := range []string{"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS"} {
		if n := number(name); n > size {
			size, by = n, name
		}
	}
	for _, name := range []string{"PMIX_RANK", "PMI_RANK"} {
		if getenv(name) == "" {
			continue
		}
		if n := max(number(name)+1, number("SLURM_NTASKS"), number("SLURM_STEP_NUM_TASKS")); n > size {
			size, by = n, name
		}
	}
	return size, by
}

// Launcher is the beginning of a command line that starts n ranks by the launcher
// that has started this one: srun in a step of Slurm's, unless mpirun is in there.
func Launcher(n int) string { return launcher(os.Getenv, n) }

func launcher(getenv func(string) string, n int) string {
	if getenv("SLURM_STEP_NUM_TASKS") != "" && getenv("OMPI_COMM_WORLD_SIZE") == "" {
		return fmt.Sprintf("srun --mpi=pmix -n %d", n)
	}
	return fmt.Sprintf("mpirun --bind-to none -n %d", n)
}

// refuse is the error of a build without MPI that a launcher has started as
// several ranks: each would train a model of its own.
func refuse(getenv func(string) string) error {
	if size, by := launched(getenv); size > 1 {
		return fmt.Errorf("started as %d ranks (%s is set), but built without MPI: it would train %d separate models; build it with -tags mpi", size, by, size)
	}
	return nil
}
