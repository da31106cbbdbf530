//go:build unix

package main

import (
	"os"
	"os/exec"
	"syscall"
)

// alone keeps the terminal's Ctrl-C from the program: it gets the driver's signal,
// and a second one would end it at once.
func alone(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// save asks the program to save and end.
func save(cmd *exec.Cmd) error { return cmd.Process.Signal(syscall.SIGTERM) }

// saved says of a program that was asked to save whether it ended for that: with
// the signal's exit code, or by the signal itself before it could heed it, or by the
// kill that may follow.
func saved(state *os.ProcessState) bool {
	code := state.ExitCode()
	return code == 128+int(syscall.SIGTERM) || code == -1
}
