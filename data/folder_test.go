package data_test

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stheno/data"
)

// writePNG writes a picture of h x w pixels of one colour.
func writePNG(t *testing.T, path string, h, w int, c color.Color) {
	t.Helper()
	var img interface {
		image.Image
		Set(x, y int, c color.Color)
	} = image.NewNRGBA(image.Rect(0, 0, w, h))
	if _, grey := c.(color.Gray); grey {
		img = image.NewGray(image.Rect(0, 0, w, h))
	}
	for y := range h {
		for x := range w {
			img.Set(x, y, c)
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

func TestPictures(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c", "d"} {
		writePNG(t, filepath.Join(dir, "train", "cat", name+".png"), 3, 2, color.NRGBA{200, 100, 50, 255})
		writePNG(t, filepath.Join(dir, "train", "dog", name+".PNG"), 3, 2, color.NRGBA{0, 0, 250, 255})
	}
	writePNG(t, filepath.Join(dir, "test", "dog", "x.png"), 3, 2, color.NRGBA{0, 0, 250, 128})
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("no picture"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("train/cat/.hidden.png")
	write("train/cat/notes.txt")
	d, err := data.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d.Classes != 2 || !slices.Equal(d.Names, []string{"cat", "dog"}) || d.Train.Len() != 8 || d.Test.Len() != 1 || d.Train.Shape() != [3]int{3, 2, 3} {
		t.Fatalf("%+v", d)
	}
	for i := range 8 {
		pixels, label := d.Train.Pick(i).Row(0)
		if want := [][]uint8{{200, 100, 50}, {0, 0, 250}}[label]; !slices.Equal(pixels[15:], want) {
			t.Errorf("row %d of class %d has the pixel %v", i, label, pixels[15:])
		}
	}
	if pixels, label := d.Test.Pick(0).Row(0); label != 1 || pixels[2] < 124 || pixels[2] > 126 {
		t.Errorf("half transparent: %v of class %d", pixels[:3], label)
	}
	if slices.IsSorted(d.Train.Labels) {
		t.Error("the classes follow one another")
	}
	again, err := data.Open(dir)
	if err != nil || !slices.Equal(again.Train.Labels, d.Train.Labels) || len(d.Files) != 2 || again.Files[0] != d.Files[0] {
		t.Errorf("opened again: %v, %v", again.Files, err)
	}
	writePNG(t, filepath.Join(dir, "train", "cat", "a.png"), 3, 2, color.NRGBA{200, 100, 51, 255})
	if again, err = data.Open(dir); err != nil || again.Files[0].SHA256 == d.Files[0].SHA256 || again.Files[1] != d.Files[1] {
		t.Errorf("another picture: %v, %v", again.Files, err)
	}

	whole := d.Train
	held, err := d.Split(0.25)
	if err != nil || d.Train.Len() != 6 || held.Len() != 2 {
		t.Fatalf("split: %d and %d, %v", d.Train.Len(), held.Len(), err)
	}
	for i := range 2 {
		want, wantLabel := whole.Pick(6 + i).Row(0)
		if got, label := held.Pick(i).Row(0); !slices.Equal(got, want) || label != wantLabel {
			t.Errorf("held out is %v of class %d, expected %v of %d", got, label, want, wantLabel)
		}
	}
	for _, part := range []float64{0, 1, -1, 0.999} {
		if _, err := d.Split(part); err == nil {
			t.Errorf("a part of %v is held out", part)
		}
	}
}

func TestGreyPicturesHaveOneChannel(t *testing.T) {
	dir := t.TempDir()
	writePNG(t, filepath.Join(dir, "train", "a", "1.png"), 2, 2, color.Gray{7})
	writePNG(t, filepath.Join(dir, "train", "b", "1.png"), 2, 2, color.Gray{9})
	d, err := data.Open(dir)
	if err != nil || d.Train.Channels != 1 || d.Test != nil || d.Train.Pixels[0]+d.Train.Pixels[4] != 16 {
		t.Fatalf("%+v, %v", d, err)
	}
	writePNG(t, filepath.Join(dir, "test", "b", "1.png"), 2, 2, color.NRGBA{1, 2, 3, 255})
	if d, err = data.Open(dir); err != nil || d.Train.Channels != 3 || d.Test.Channels != 3 {
		t.Errorf("with a coloured one: %+v, %v", d, err)
	}
}

func TestPicturesThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(dir string)
		want  []string
	}{
		"one class": {func(dir string) { os.RemoveAll(filepath.Join(dir, "train", "b")) }, []string{"train", "1 folders of classes"}},
		"no pictures": {func(dir string) {
			os.Remove(filepath.Join(dir, "train", "a", "1.png"))
			os.Remove(filepath.Join(dir, "train", "b", "1.png"))
		}, []string{"train", "no picture"}},
		"other size":   {func(dir string) { writePNG(t, filepath.Join(dir, "train", "b", "2.png"), 2, 3, color.Gray{9}) }, []string{"pixels, expected", "one size"}},
		"unknown":      {func(dir string) { writePNG(t, filepath.Join(dir, "test", "c", "2.png"), 2, 2, color.Gray{9}) }, []string{"test/c", "a, b"}},
		"other format": {func(dir string) { os.WriteFile(filepath.Join(dir, "test", "b", "2.JPG"), nil, 0o666) }, []string{"b/2.JPG", "only .png", "convert it"}},
		"deeper":       {func(dir string) { writePNG(t, filepath.Join(dir, "train", "b", "c", "2.png"), 2, 2, color.Gray{9}) }, []string{"b/c", "folder within a class"}},
		"empty class":  {func(dir string) { os.Mkdir(filepath.Join(dir, "train", "c"), 0o777) }, []string{"train/c", "no picture of this class"}},
		"unprintable":  {func(dir string) { writePNG(t, filepath.Join(dir, "train", "\x1b[31m", "2.png"), 2, 2, color.Gray{9}) }, []string{`"\x1b[31m"`, "rename"}},
		"no png":       {func(dir string) { os.WriteFile(filepath.Join(dir, "train", "b", "2.png"), []byte("GIF"), 0o666) }, []string{"b/2.png", "no PNG"}},
		"cut off": {func(dir string) {
			path := filepath.Join(dir, "train", "b", "1.png")
			content, _ := os.ReadFile(path)
			os.WriteFile(path, content[:len(content)-20], 0o666)
		}, []string{"b/1.png", "no PNG"}},
	} {
		dir := t.TempDir()
		writePNG(t, filepath.Join(dir, "train", "a", "1.png"), 2, 2, color.Gray{7})
		writePNG(t, filepath.Join(dir, "train", "b", "1.png"), 2, 2, color.Gray{9})
		writePNG(t, filepath.Join(dir, "test", "b", "1.png"), 2, 2, color.Gray{9})
		c.spoil(dir)
		_, err := data.Open(dir)
		for _, want := range c.want {
			if err == nil || !strings.Contains(filepath.ToSlash(err.Error()), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
	}
}

// TestLinkedClasses: a class may be a link to a folder, as where several sets
// share their pictures.
func TestLinkedClasses(t *testing.T) {
	dir := t.TempDir()
	writePNG(t, filepath.Join(dir, "train", "a", "1.png"), 2, 2, color.Gray{7})
	writePNG(t, filepath.Join(dir, "train", "b", "1.png"), 2, 2, color.Gray{9})
	if err := os.Symlink(filepath.Join(dir, "train", "a"), filepath.Join(dir, "train", "c")); err != nil {
		t.Skipf("no links here: %v", err)
	}
	d, err := data.Open(dir)
	if err != nil || !slices.Equal(d.Names, []string{"a", "b", "c"}) || d.Train.Len() != 3 {
		t.Fatalf("%+v, %v", d, err)
	}
}
