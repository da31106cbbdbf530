//go:build !purego

package kernel

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestNoInstructionIsLegacySSE: one that is, among those of AVX, cost a Zen 3 some
// 350 cycles each time, six times as much as the function that it stood in.
func TestNoInstructionIsLegacySSE(t *testing.T) {
	source, err := os.ReadFile("kernel_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	vector, avx := regexp.MustCompile(`\b[XYZ][0-9]+\b`), 0
	for i, line := range strings.Split(string(source), "\n") {
		switch {
		case !vector.MatchString(line):
		case strings.HasPrefix(line, "\tV"):
			avx++
		default:
			t.Errorf("kernel_amd64.s:%d: %s", i+1, strings.TrimSpace(line))
		}
	}
	if avx < 1000 {
		t.Errorf("%d instructions of AVX: the pattern does not match", avx)
	}
}
