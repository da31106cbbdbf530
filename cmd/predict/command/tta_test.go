package command

import (
	"path/filepath"
	"strings"
	"testing"

	"stheno/cmd/internal/shell"
)

// TestViews: -tta says what it does, answers the same each time and for an image
// wherever it stands, and is refused where it would do nothing.
func TestViews(t *testing.T) {
	run := write(t, filepath.Join(t.TempDir(), "run"), untrained(t, "mlp", [3]int{28, 28, 1}, 10))
	t.Chdir(t.TempDir())
	content, extension := paints()[7].file(t)
	writeFile(t, "a"+extension, content)
	writeFile(t, "b"+extension, content)
	ask := func(args ...string) outcome {
		return command(t, nil, append([]string{"-model", run, "-top", "10"}, append(args, "a"+extension, "b"+extension)...)...)
	}
	plain, once := ask(), ask("-tta", "1")
	if plain.code != 0 || plain != once {
		t.Errorf("-tta 1 answers %+v, nothing %+v", once, plain)
	}
	views := ask("-tta", "5", "-augment", "affine:shift=3")
	if views.code != 0 || views.stdout == plain.stdout || views != ask("-tta", "5", "-augment", "affine:shift=3") {
		t.Errorf("-tta 5 answers %+v, nothing %+v", views, plain)
	}
	if want := "-tta 5: probabilities are means over each image as it is and 4 distorted by affine:rotate=10,scale=0.1,shear=0.1,shift=3\n" + asMNIST; views.stderr != want {
		t.Errorf("stderr %q, expected %q", views.stderr, want)
	}
	if slight := ask("-tta", "5"); slight.code != 0 || slight.stdout == plain.stdout || !strings.Contains(slight.stderr, "4 distorted by affine:rotate=4,scale=0.04,shear=0.04,shift=0.5\n") {
		t.Errorf("-tta 5 alone, of a run without distortions: %+v", slight)
	}
	if lines := views.lines(); len(lines) != 2 || strings.TrimPrefix(lines[0], "a") != strings.TrimPrefix(lines[1], "b") {
		t.Errorf("one picture has two answers: %q", lines)
	}
	for _, c := range [][]string{
		{"-tta -1: must be 0 or more", "-tta", "-1"},
		{"-augment: goes with -tta N", "-augment", "affine"},
		{"-augment none: leaves the 5 views of -tta alike", "-tta", "5", "-augment", "none"},
		{"-augment: \"blur\" is no distortion", "-tta", "5", "-augment", "blur"},
	} {
		if o := ask(c[1:]...); o.code != shell.Wrong || !strings.Contains(o.stderr, c[0]) || o.stdout != "" {
			t.Errorf("%v: %+v, expected %q", c[1:], o, c[0])
		}
	}
}
