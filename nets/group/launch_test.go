package group

import (
	"strings"
	"testing"
	"time"
)

func TestLaunchersAreKnown(t *testing.T) {
	for _, c := range []struct {
		env  string
		size int
	}{
		{"", 0},
		{"OMPI_COMM_WORLD_SIZE=4 PMIX_RANK=2", 4},
		{"OMPI_COMM_WORLD_SIZE=1 PMIX_RANK=0", 1},
		{"PMI_SIZE=3 PMI_RANK=0", 3},         // MPICH's, and srun --mpi=pmi2
		{"PMIX_RANK=0 SLURM_NTASKS=8", 8},    // srun --mpi=pmix
		{"PMIX_RANK=5", 6},                   // at least
		{"SLURM_NTASKS=8 SLURM_PROCID=3", 0}, // a script of sbatch's, or srun --mpi=none
		{"PMIX_RANK=0 SLURM_NTASKS=1 SLURM_STEP_NUM_TASKS=1", 1},
	} {
		getenv := environment(c.env)
		if size, _ := launched(getenv); size != c.size {
			t.Errorf("%q: %d ranks, want %d", c.env, size, c.size)
		}
		if err := refuse(getenv); (err != nil) != (c.size > 1) {
			t.Errorf("%q: %v", c.env, err)
		} else if err != nil && !strings.Contains(err.Error(), "-tags mpi") {
			t.Error(err)
		}
	}
}

// environment is one of these variables alone.
func environment(variables string) (getenv func(string) string) {
	return func(name string) string {
		for _, pair := range strings.Fields(variables) {
			if key, value, _ := strings.Cut(pair, "="); key == name {
				return value
			}
		}
		return ""
	}
}

func TestLauncher(t *testing.T) {
	for env, want := range map[string]string{
		"":                                   "mpirun --bind-to none -n 3",
		"OMPI_COMM_WORLD_SIZE=3 PMIX_RANK=2": "mpirun --bind-to none -n 3",
		"PMIX_RANK=2 SLURM_NTASKS=3 SLURM_STEP_NUM_TASKS=3":            "srun --mpi=pmix -n 3",
		"OMPI_COMM_WORLD_SIZE=3 SLURM_NTASKS=2 SLURM_STEP_NUM_TASKS=2": "mpirun --bind-to none -n 3", // whose daemons srun starts
		"OMPI_COMM_WORLD_SIZE=3 SLURM_NTASKS=3 SLURM_PROCID=0":         "mpirun --bind-to none -n 3", // in a script of sbatch's
	} {
		if got := launcher(environment(env), 3); got != want {
			t.Errorf("%q: %s, want %s", env, got, want)
		}
	}
}

func TestSilence(t *testing.T) {
	for text, want := range map[string]time.Duration{"": time.Minute, "90s": 90 * time.Second, "1": 0, "0s": 0, "-5s": 0, "soon": 0} {
		got, err := silence(func(string) string { return text })
		if got != want || (err != nil) != (want == 0) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// TestSlice: the parts are everything, in order, alike, and rank 0 has a row.
func TestSlice(t *testing.T) {
	for n := 1; n < 40; n++ {
		for size := 1; size < 12; size++ {
			next := 0
			for r := range size {
				first, end := Slice(n, r, size)
				if first != next || end-first < n/size || end-first > (n+size-1)/size || r == 0 && end == 0 {
					t.Fatalf("%d rows, rank %d of %d: %d to %d after %d", n, r, size, first, end, next)
				}
				next = end
			}
			if next != n {
				t.Fatalf("%d rows, %d ranks: %d rows", n, size, next)
			}
		}
	}
}

// TestLaunchersFlagsAreKept for the command line that resumes.
func TestLaunchersFlagsAreKept(t *testing.T) {
	for line, want := range map[string]string{
		"mpirun -x STHENO_CPU=avx2 --oversubscribe -n 2 bin/cnn -epochs 3": "mpirun -x STHENO_CPU=avx2 --oversubscribe -n 2",
		"/usr/bin/mpiexec --hostfile hosts -np 4 bin/cnn":                  "/usr/bin/mpiexec --hostfile hosts -np 4",
		"orted --hnp bin/cnn":                   "",
		"mpirun -n 2 bin/mlp":                   "",
		"mpirun -n 1 bin/cnn : -n 1 bin/cnn -v": "",
		"bash":                                  "",
		"":                                      "",
	} {
		if got := strings.Join(given(strings.ReplaceAll(line, " ", "\x00")+"\x00", "bin/cnn"), " "); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}
