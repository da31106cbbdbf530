package run_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stheno/data/digit"
	"stheno/nets/run"
)

// TestPreparationOfARun is the one in its settings, or follows from its data.
func TestPreparationOfARun(t *testing.T) {
	mnist, other := [3]int{28, 28, 1}, [3]int{14, 14, 1}
	fashion := run.Config{Data: run.Source{Image: mnist, Files: []run.SourceFile{{Name: "train-images",
		SHA256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"}}}}
	if got := fashion.Preparation().Method; got != digit.Raw {
		t.Errorf("Fashion-MNIST: %q", got)
	}
	for _, c := range []struct {
		file   string
		image  [3]int
		stands digit.Method
		want   digit.Method
	}{
		{"train-images", mnist, "", digit.MNIST}, {"train-images", other, "", digit.Raw}, {"train", mnist, "", digit.Raw},
		{"train-images", mnist, digit.Raw, digit.Raw}, {"train", mnist, digit.MNIST, digit.MNIST},
	} {
		config := run.Config{Data: run.Source{Image: c.image, Files: []run.SourceFile{{Name: c.file}}}}
		config.Settings.Preparation.Method = c.stands
		if got := config.Preparation().Method; got != c.want {
			t.Errorf("%s of %v, settings %q: %q, expected %q", c.file, c.image, c.stands, got, c.want)
		}
	}
}

// TestOpenData: what a run's pictures were is what they are when it opens them
// again, and what Row makes of each.
func TestOpenData(t *testing.T) {
	dir := t.TempDir()
	img := image.NewNRGBA(image.Rect(0, 0, 40, 30))
	for i := range 40 * 30 {
		img.SetNRGBA(i%40, i/40, color.NRGBA{240, 240, 230, 255})
		if x, y := i%40, i/40; x > 10 && x < 14 && y > 5 && y < 25 {
			img.SetNRGBA(x, y, color.NRGBA{10, 20, 90, 255})
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		t.Fatal(err)
	}
	for _, class := range []string{"a", "b"} {
		if err := os.MkdirAll(filepath.Join(dir, "train", class), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "train", class, "1.png"), file.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	picture, err := digit.Decode(&file, digit.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for method, shape := range map[digit.Method][3]int{digit.Raw: {30, 40, 3}, digit.MNIST: {28, 28, 1}} {
		config := run.Config{Settings: run.Settings{Data: "elsewhere"}, Data: run.Source{Folder: dir, Image: shape}}
		config.Settings.Preparation.Method = method
		for _, where := range []string{"", dir} {
			set, err := config.OpenData(where)
			if err != nil || set.Train.Shape() != shape {
				t.Fatalf("%s: %v", method, err)
			}
			row, _ := set.Train.Pick(1).Row(0)
			if want, ink, err := config.Row(picture); err != nil || !ink || !bytes.Equal(row, want) {
				t.Errorf("%s: Row makes another row, %v", method, err)
			}
		}
	}
}

// TestConfigOfAnUnknownPreparation is of a newer version: it is refused.
func TestConfigOfAnUnknownPreparation(t *testing.T) {
	c := smallConfig()
	c.Settings.Preparation.Method = "posterized"
	if _, err := aRun(t, c, nil).ReadConfig(); err == nil || !strings.Contains(err.Error(), `"posterized" is no way to prepare pictures: must be raw or mnist`) {
		t.Errorf("%v", err)
	}
}
