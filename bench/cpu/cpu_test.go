package cpu

import (
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	const info = "processor\t: 0\nmodel\t\t: 25\nmodel name\t: Some CPU: 2 GHz \n\nprocessor\t: 1\nmodel name\t: another\n"
	if got := name(info); got != "Some CPU: 2 GHz" {
		t.Errorf("%q", got)
	}
	if got := name("processor\t: 0\n"); !strings.HasPrefix(got, "unknown processor, ") {
		t.Errorf("without a name: %q", got)
	}
}
