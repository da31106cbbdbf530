// Package cpu names the processor that a measurement was made on.
package cpu

import (
	"os"
	"runtime"
	"strings"
)

// Name is what Linux calls the processor; elsewhere, the system and the architecture.
func Name() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // none is no name
	return name(string(text))
}

func name(info string) string {
	for line := range strings.Lines(info) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor, " + runtime.GOOS + "/" + runtime.GOARCH
}
