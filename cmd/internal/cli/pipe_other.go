//go:build !unix

package cli

// ignorePipe has nothing to do where a closed pipe is no signal.
func ignorePipe() {}
