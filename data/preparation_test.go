package data_test

import (
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stheno/data"
	"stheno/data/digit"
)

// TestWhatDataSayAboutPictures: those in folders are taken as they are.
func TestWhatDataSayAboutPictures(t *testing.T) {
	dir := t.TempDir()
	writePNG(t, filepath.Join(dir, "train", "a", "1.png"), 2, 2, color.Gray{7})
	writePNG(t, filepath.Join(dir, "train", "b", "1.png"), 2, 2, color.Gray{9})
	if d, err := data.Open(dir); err != nil || d.Preparation.Method != digit.Raw {
		t.Errorf("pictures say %v, %v", d, err)
	}
	if _, err := data.OpenAs(dir, digit.Preparation{Method: digit.MNIST}); !errors.Is(err, data.ErrFormat) || !strings.Contains(err.Error(), "no ink is found") {
		t.Errorf("pictures without ink, by ink: %v", err)
	}
}

// TestRowsOfPictures are those that digit.Row makes of the same pictures, in
// whichever way they are prepared: transparent, dark on white, coloured, of any size.
func TestRowsOfPictures(t *testing.T) {
	dir := t.TempDir()
	stroke := func(path string, w, h int, ink, paper color.NRGBA) image.Image {
		img := image.NewNRGBA(image.Rect(0, 0, w, h))
		for i := range w * h {
			img.SetNRGBA(i%w, i/w, paper)
		}
		for y := h / 4; y < h-h/4; y++ {
			img.SetNRGBA(w/2, y, ink)
		}
		path = filepath.Join(dir, path)
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
		return img
	}
	pictures := []image.Image{
		stroke("train/0/a.png", 30, 30, color.NRGBA{200, 30, 30, 255}, color.NRGBA{}),
		stroke("train/1/a.png", 30, 30, color.NRGBA{0, 0, 0, 255}, color.NRGBA{255, 255, 255, 255}),
		stroke("test/0/a.png", 30, 30, color.NRGBA{20, 220, 30, 90}, color.NRGBA{10, 10, 200, 255}),
	}
	check := func(by digit.Preparation) {
		d, err := data.OpenAs(dir, by)
		if err != nil {
			t.Fatal(err)
		}
		var rows [][]uint8
		for i := range 2 {
			row, _ := d.Train.Pick(slices.Index(d.Train.Labels, uint8(i))).Row(0)
			rows = append(rows, row)
		}
		row, _ := d.Test.Pick(0).Row(0)
		for i, row := range append(rows, row) {
			if want, _, err := digit.FromImage(pictures[i]).Row(d.Train.Shape(), d.Preparation); err != nil || !slices.Equal(row, want) {
				t.Errorf("%s: picture %d has another row in the set, %v", d.Preparation.Method, i, err)
			}
		}
	}
	check(digit.Preparation{})
	pictures[1] = stroke("train/1/a.png", 60, 50, color.NRGBA{0, 0, 0, 255}, color.NRGBA{255, 255, 255, 255})
	check(digit.Preparation{Method: digit.MNIST})
	stroke("train/1/a.png", 30, 30, color.NRGBA{0, 0, 0, 255}, color.NRGBA{})
	if _, err := data.Open(dir); !errors.Is(err, data.ErrFormat) || !strings.Contains(err.Error(), "train/1/a.png: is drawn in black on a transparent sheet") {
		t.Errorf("black on a transparent sheet: %v", err)
	}
}
