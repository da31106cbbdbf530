package command

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stheno/cmd/internal/shell"
)

// writePictures writes n coloured pictures of 40 x 40 pixels a class: a disc, a
// bar or a cross, anywhere, in any colour, on a ground that is not quite dark.
func writePictures(t testing.TB, dir string, n int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(n), 5))
	for class, name := range []string{"bar", "cross", "disc"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			f, err := os.Create(filepath.Join(dir, name, fmt.Sprintf("%03d.png", i)))
			if err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(f, drawn(class, rng)); err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
	}
}

func drawn(class int, rng *rand.Rand) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 40, 40))
	cx, cy := 14+rng.IntN(12), 14+rng.IntN(12)
	ink := color.RGBA{uint8(120 + rng.IntN(130)), uint8(rng.IntN(250)), uint8(rng.IntN(250)), 255}
	for y := range 40 {
		for x := range 40 {
			dx, dy := x-cx, y-cy
			bar := dx*dx <= 9 && dy*dy <= 100
			on := []bool{bar, bar || dy*dy <= 9 && dx*dx <= 100, dx*dx+dy*dy <= 81}[class]
			img.SetRGBA(x, y, color.RGBA{uint8(rng.IntN(40)), uint8(rng.IntN(40)), uint8(rng.IntN(40)), 255})
			if on {
				img.SetRGBA(x, y, ink)
			}
		}
	}
	return img
}

// TestPicturesOfOnesOwn trains on three classes of coloured pictures; their names
// stand in everything that the run leaves.
func TestPicturesOfOnesOwn(t *testing.T) {
	dir := t.TempDir()
	writePictures(t, filepath.Join(dir, "train"), 150)
	writePictures(t, filepath.Join(dir, "test"), 30)
	out := filepath.Join(t.TempDir(), "run")
	succeed(t, cnn, "-data", dir, "-epochs", "6", "-batch", "25", "-out", out)
	end, c := parseObject(t, read(t, out, "result.json")), parseObject(t, read(t, out, "config.json"))
	if accuracy, _ := end["test_accuracy"].(float64); accuracy <= 0.95 {
		t.Errorf("test accuracy %v", accuracy)
	}
	if names := fmt.Sprint(c.at("data", "class_names")); names != "[bar cross disc]" {
		t.Errorf("config.json: the classes are %s", names)
	}
	for _, file := range []string{"report.html", "confusion.svg", "model.onnx"} {
		if content := read(t, out, file); !strings.Contains(content, "cross") || !strings.Contains(content, "disc") {
			t.Errorf("%s does not name the classes", file)
		}
	}
}

// TestValidationSplit holds the last training images out; test figures are the
// test images'. Without test images those held out stand in.
func TestValidationSplit(t *testing.T) {
	dir, out := small(t), filepath.Join(t.TempDir(), "run")
	args := []string{"-data", dir, "-epochs", "2", "-batch", "5", "-validation-split", "0.25"}
	succeed(t, mlp, append(args, "-out", out)...)
	c, end, history := parseObject(t, read(t, out, "config.json")), parseObject(t, read(t, out, "result.json")), table(t, out, "history.csv")
	if c.at("data", "train") != 15.0 || c.at("data", "test") != 10.0 || end["steps"] != 6.0 || fmt.Sprint(end["test_loss"]) == history[2][4] {
		t.Errorf("%v, %v, %v", c, end, history)
	}
	again := filepath.Join(t.TempDir(), "run")
	stopAfter(t, 4, mlp, append(args, "-out", again)...)
	succeed(t, mlp, "-resume", again)
	if timeless(t, again)["model.safetensors"] != timeless(t, out)["model.safetensors"] {
		t.Error("a resumed run is another one")
	}
	if o := command(t, mlp, "-data", dir, "-validation-split", "0.999"); o.code != shell.Failure || !strings.Contains(o.stderr, "-validation-split: a part") {
		t.Errorf("a part too small: %d, %q", o.code, o.stderr)
	}

	pictures := t.TempDir()
	writePictures(t, filepath.Join(pictures, "train"), 20)
	if o := command(t, mlp, "-data", pictures); o.code != shell.Failure || !strings.Contains(o.stderr, "-validation-split 0.1") {
		t.Errorf("no test images: %d, %q", o.code, o.stderr)
	}
	succeed(t, mlp, "-data", pictures, "-epochs", "1", "-validation-split", "0.2", "-out", filepath.Join(t.TempDir(), "run"))
}
