//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// alone keeps the terminal's Ctrl-C from the program: it gets the driver's signal,
// and a second one would end it at once.
func alone(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// save asks the program to save and end.
func save(cmd *exec.Cmd) error { return cmd.Process.Signal(syscall.SIGTERM) }
