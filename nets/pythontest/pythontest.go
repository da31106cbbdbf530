// Package pythontest finds, for tests, a Python that has what they hold ours
// against, and skips them where there is none. Only tests import it.
package pythontest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// missing prints which of its arguments cannot be imported, without importing
// any: TensorFlow alone takes seconds.
const missing = "import sys, importlib.util as u; print(*[m for m in sys.argv[1:] if u.find_spec(m) is None])"

// Need returns an interpreter that has these modules: $STHENO_PYTHON or python3.
// It skips the test if python3 has not, and fails it if the chosen one has not.
func Need(t testing.TB, modules ...string) string {
	t.Helper()
	name, chosen := os.LookupEnv("STHENO_PYTHON")
	if !chosen {
		name = "python3"
	}
	out, err := exec.Command(name, append([]string{"-c", missing}, modules...)...).CombinedOutput()
	lacks := strings.TrimSpace(string(out))
	switch {
	case err == nil && lacks == "":
		return name
	case chosen:
		t.Fatalf("STHENO_PYTHON is %s, which lacks %s (%v): install .ci/requirements.txt with it", name, lacks, err)
	default:
		t.Skipf("%s lacks %s: python3 -m venv VENV && VENV/bin/pip install -r .ci/requirements.txt, then set STHENO_PYTHON=VENV/bin/python", name, strings.Join(modules, ", "))
	}
	return ""
}
