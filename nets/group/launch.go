package group

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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

// Launcher are the first words of a command line that starts n ranks by the launcher
// that has started this one: those that the user has given, with all flags, where
// that can be seen; else srun in a step of Slurm's, unless mpirun is in there.
func Launcher(n int) []string {
	parent, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", os.Getppid()))
	if words := given(string(parent), os.Args[0]); err == nil && words != nil {
		return words
	}
	return strings.Fields(launcher(os.Getenv, n))
}

// given are the words before a program in the command line of a launcher, as Linux
// shows it; nil if it is of no launcher, or of more than one program.
func given(line, program string) []string {
	words := strings.Split(strings.TrimSuffix(line, "\x00"), "\x00")
	switch filepath.Base(words[0]) {
	case "mpirun", "mpiexec", "orterun", "prterun":
		if at := slices.Index(words, program); at > 0 && !slices.Contains(words, ":") {
			return words[:at]
		}
	}
	return nil
}

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
