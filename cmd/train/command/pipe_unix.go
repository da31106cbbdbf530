//go:build unix

package command

import (
	"os/signal"
	"syscall"
)

// ignorePipe makes a closed pipe a write error, which a display survives,
// instead of the end of the process.
func ignorePipe() { signal.Ignore(syscall.SIGPIPE) }
