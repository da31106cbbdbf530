//go:build unix

package command

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyReload sends SIGHUP to c: read all models again.
func notifyReload(c chan<- os.Signal) { signal.Notify(c, syscall.SIGHUP) }
