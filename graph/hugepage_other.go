//go:build !linux

package graph

// adviseHuge has nobody to ask.
func adviseHuge([]byte) {}
