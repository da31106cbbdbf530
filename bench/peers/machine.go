package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"stheno/bench/cpu"
	"stheno/graph/kernel"
)

// machine is what the figures were measured on.
type machine struct {
	CPU         string
	Cores       int
	Threads     int
	Go          string
	Kernels     string
	Load        string   // before we began: what others did
	Environment []string // variables that change what a peer does
	Steal       string   // known at the end
}

func thisMachine(threads int) machine {
	return machine{
		CPU: cpu.Name(), Cores: runtime.NumCPU(), Threads: threads,
		Go: runtime.Version(), Kernels: kernel.Implementation(),
		Load: load(), Environment: environment(os.Environ()),
	}
}

func (m machine) print(w io.Writer) {
	fmt.Fprintf(w, "machine: %s, %d cores\nthreads: %d each\nours: %s, kernels %s\nload: %s\n", m.CPU, m.Cores, m.Threads, m.Go, m.Kernels, m.Load)
	if len(m.Environment) > 0 {
		fmt.Fprintln(w, "environment:", strings.Join(m.Environment, " "))
	}
	fmt.Fprintln(w)
}

// load is the mean number of running processes in the minute before.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg") // none is unknown
	if minute, _, ok := strings.Cut(string(text), " "); ok {
		return minute + " in the minute before"
	}
	return "unknown"
}

// environment are the variables that libraries heed: one that takes
// instructions from a peer makes its ratio worthless.
func environment(all []string) (found []string) {
	prefixes := []string{
		"OPENBLAS_", "OMP_", "GOMP_", "KMP_", "MKL_", "DNNL_", "ONEDNN_", // libraries
		"ATEN_", "TORCH_", "TF_ENABLE_", "TF_NUM_", "TF_XLA_", "XLA_", "JAX_", "KERAS_",
	}
	for _, variable := range all {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(variable, p) }) {
			found = append(found, variable)
		}
	}
	return found
}

// ticks is the time of all cores since boot, and what of it the hypervisor
// gave to others.
type ticks struct{ all, stolen float64 }

func readTicks() (t ticks) {
	text, _ := os.ReadFile("/proc/stat") // none is unknown
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line)
	for i := 1; i < min(len(fields), 9); i++ { // what follows is counted twice
		n, _ := strconv.ParseFloat(fields[i], 64)
		t.all += n
		if i == 8 {
			t.stolen = n
		}
	}
	return t
}

func (t ticks) steal(now ticks) string {
	if now.all <= t.all {
		return "unknown"
	}
	return fmt.Sprintf("%.1f %% of the run", 100*(now.stolen-t.stolen)/(now.all-t.all))
}
