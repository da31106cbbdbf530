package command

import (
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"stheno/data"
	"stheno/nets/run/report"
)

// TestViews holds what -tta reports of a run against train.PredictViews, image by
// image, and has every answer say how it came about.
func TestViews(t *testing.T) {
	dir := dataset(t, 1)
	a, b := trained(t, dir, "mlp", 1, 1, 0), trained(t, dir, "mlp", 2, 1, 4)
	const spec = "affine:rotate=40,scale=0.3,shear=0,shift=2"
	flags := []string{"-json", "-tta", "4", "-augment", spec}
	var got report.Report
	if err := json.Unmarshal([]byte(succeed(t, append(flags, a)...)), &got); err != nil {
		t.Fatal(err)
	}
	wrong, loss := judge(t, dir, a, func(set *data.Dataset) (*data.Set, int) { return set.Test, set.Test.Len() }, spec, 4)
	if got.Errors != wrong || math.Abs(float64(got.Loss)-loss) > 1e-6 {
		t.Errorf("%d wrong with a loss of %v, want %d and %v", got.Errors, got.Loss, wrong, loss)
	}
	says := "4 views of each image, 3 of them distorted by affine"
	if !strings.HasPrefix(got.Views, says) {
		t.Errorf("views: %q", got.Views)
	}
	for _, args := range [][]string{{a}, {a, b}, {"-committee", a, b}} {
		page := filepath.Join(t.TempDir(), "page.html")
		text := succeed(t, append(append([]string{"-out", page}, flags[1:]...), args...)...)
		if strings.Count(text, says) != 1 || !strings.Contains(read(t, page), "4\u00a0views") && !strings.Contains(read(t, page), says) {
			t.Errorf("%q says %q, or its page does not", args, text)
		}
	}
	for _, c := range [][]string{
		{"-tta -1: must be 0 or more", "-tta", "-1"},
		{"-augment: goes with -tta N", "-augment", "affine"},
		{"-augment none: leaves the 5 views of -tta alike", "-tta", "5", "-augment", "none"},
		{"-write: what a run leaves", "-write", "-tta", "5", "-augment", "affine"},
	} {
		if code, stdout, stderr := execute(t, append(c[1:], a)...); code != 2 || !strings.Contains(stderr, c[0]) || stdout != "" {
			t.Errorf("%q: %d, %q, %q", c[1:], code, stdout, stderr)
		}
	}
}
