package command

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"stheno/data"
	"stheno/nets/run"
	"stheno/nets/run/report"
)

// heldOut makes a run one that held out a part of the training images.
func heldOut(t *testing.T, dir string, part float64) string {
	t.Helper()
	f := run.Folder(dir)
	c, err := f.ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	c.Settings.ValidationSplit = part
	if err := f.WriteJSON(run.ConfigFile, c); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestHeldOut: -held-out counts errors on the last of the training images, and on
// those alone, and every answer says so.
func TestHeldOut(t *testing.T) {
	dir := dataset(t, 1)
	a, b := heldOut(t, trained(t, dir, "mlp", 1, 1, 0), 0.2), heldOut(t, trained(t, dir, "mlp", 2, 1, 4), 0.2)
	other, none := heldOut(t, trained(t, dir, "mlp", 3, 1, 0), 0.1), trained(t, dir, "mlp", 4, 1, 0)
	var got report.Report
	if err := json.Unmarshal([]byte(succeed(t, "-json", "-held-out", a)), &got); err != nil {
		t.Fatal(err)
	}
	want, _ := judge(t, dir, a, func(set *data.Dataset) (*data.Set, int) { return set.Train, 12 }, "none", 1)
	if !got.HeldOut || got.TestImages != 12 || got.Errors != want {
		t.Errorf("%d of %d wrong, held out %v, want %d of 12", got.Errors, got.TestImages, got.HeldOut, want)
	}
	const says = "on 12 training images that -validation-split held out, not on the test images"
	for _, args := range [][]string{{a}, {a, b}, {"-committee", a, b}} {
		page := filepath.Join(t.TempDir(), "page.html")
		text := succeed(t, append([]string{"-out", page, "-held-out"}, args...)...)
		if strings.Count(text, says) != 1 || !strings.Contains(strings.ReplaceAll(read(t, page), "\u00a0", " "), says) {
			t.Errorf("%q says %q, or its page does not", args, text)
		}
		if text = succeed(t, args...); strings.Contains(text, says) {
			t.Errorf("%q without -held-out says %q", args, text)
		}
	}
	for _, c := range [][]string{
		{fmt.Sprintf("-held-out: %s held no images out", none), a, none},
		{fmt.Sprintf("-held-out: %s and %s held out different images: -validation-split was 0.2 and 0.1", a, other), a, other},
		{"-write: what a run leaves", "-write", a},
	} {
		if code, stdout, stderr := execute(t, append([]string{"-held-out"}, c[1:]...)...); code != 2 || !strings.Contains(stderr, c[0]) || stdout != "" {
			t.Errorf("%q: %d, %q, %q", c[1:], code, stdout, stderr)
		}
	}
}
