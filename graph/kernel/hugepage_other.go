//go:build !linux

package kernel

// adviseHuge has nobody to ask.
func adviseHuge([]byte) {}
