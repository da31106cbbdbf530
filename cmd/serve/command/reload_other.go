//go:build !unix

package command

import "os"

// notifyReload does nothing where there is no SIGHUP.
func notifyReload(chan<- os.Signal) {}
