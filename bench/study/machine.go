package main

import (
	"os/exec"
	"runtime"
	"strings"

	"stheno/bench/cpu"
)

// machine is what a run was trained with, as far as the run itself does not tell.
type machine struct {
	Commit  string `json:"commit"`
	Dirty   bool   `json:"dirty"` // the work tree held something else, the results aside
	CPU     string `json:"cpu"`
	Threads int    `json:"threads"`
	Jobs    int    `json:"jobs"` // runs at a time
	Go      string `json:"go"`
}

func thisMachine(s settings) machine {
	m := machine{Commit: "unknown", Dirty: true, CPU: cpu.Name(), Threads: s.threads, Jobs: s.jobs, Go: runtime.Version()}
	if head, err := exec.Command("git", "rev-parse", "HEAD").Output(); err == nil {
		m.Commit = strings.TrimSpace(string(head))
	}
	if changes, err := exec.Command("git", "status", "--porcelain", "--", ":/", ":(top,exclude)bench/results").Output(); err == nil {
		m.Dirty = len(changes) > 0
	}
	return m
}
