package command

import (
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"stheno/data/digit"
	"stheno/nets"
)

// TestDrawings: a CNN that has seen a third of MNIST recognizes what it
// has never seen, digits on large coloured sheets.
func TestDrawings(t *testing.T) {
	if testing.Short() {
		t.Skip("trains the CNN")
	}
	dir := t.TempDir()
	for _, p := range paints() {
		content, extension := p.file(t)
		writeFile(t, filepath.Join(dir, fmt.Sprint(p.digit), fmt.Sprint("hand-", p.hand, extension)), content)
	}
	run := write(t, filepath.Join(t.TempDir(), "cnn"), trained(t, "cnn", 150))
	o := command(t, nil, "-model", run, "-json", dir)
	lines := o.lines()
	var result evaluationLine
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &result); err != nil || o.code != 0 || o.stderr != "" {
		t.Fatalf("%v, %+v", err, o)
	}
	if result.Images != 20 || result.Right < 18 {
		t.Errorf("%d of %d are right, expected 18 or more\n%s", result.Right, result.Images, o.stdout)
	}
	t.Logf("%d of %d", result.Right, result.Images)
	sample := func(name string) string { return filepath.Join("..", "..", "predict", name) }
	o = command(t, nil, "-model", run, "-top", "1", sample("five.jpg"), sample("seven.png"))
	if lines := o.lines(); o.code != 0 || len(lines) != 2 || !strings.Contains(lines[0], "five.jpg: 5 (") || !strings.Contains(lines[1], "seven.png: 7 (") {
		t.Errorf("the README's pictures: %+v", o)
	}
}

// TestMNISTAgain: test images that were enlarged, moved, inverted and coloured
// come back as they were, and a network takes them for the same.
func TestMNISTAgain(t *testing.T) {
	const n, size = 500, 28 * 28
	set := openMNIST(t)
	rng := rand.New(rand.NewPCG(5, 6))
	var before, after []float32
	var differences [2]float64
	for i := range n {
		mnist, smooth := set.Test.Pixels[i*size:(i+1)*size], i%2
		pixels, ink := digit.FromImage(disguised(mnist, smooth == 1, rng)).Normalize()
		if !ink {
			t.Fatalf("test image %d: no ink is found", i)
		}
		before, after = append(before, values(mnist)...), append(after, values(pixels)...)
		var sum, of float64
		for j, v := range mnist {
			sum, of = sum+math.Abs(float64(v)-float64(pixels[j])), of+float64(v)
		}
		differences[smooth] += sum / of / (n / 2)
	}
	if differences[0] > 0.05 || differences[1] > 0.35 { // interpolation itself blurs
		t.Errorf("images are %.3f of their ink apart from MNIST's, expected 0.05 and 0.35 at most", differences)
	}
	predictor := nets.NewPredictor(trained(t, "mlp", 300))
	was, err := predictor.Predict(before)
	if err != nil {
		t.Fatal(err)
	}
	is, err := predictor.Predict(after)
	if err != nil {
		t.Fatal(err)
	}
	same, right := 0, 0
	for i := range n {
		a := was.Top(i, 1)[0].Class
		b := is.Top(i, 1)[0].Class
		if a == b {
			same++
		}
		if b == int(set.Test.Labels[i]) {
			right++
		}
	}
	t.Logf("%.3f apart, %d of %d the same, %d right", differences, same, n, right)
	if same <= n*95/100 || right < n*90/100 {
		t.Errorf("of %d images %d are taken for the same as before, %d are right", n, same, right)
	}
}

// disguised is an image of 28 x 28, enlarged, smoothly or in blocks, somewhere on
// a larger sheet, in two colours.
func disguised(mnist []uint8, smooth bool, rng *rand.Rand) image.Image {
	scale := 4 + rng.IntN(6)
	w, h := 28*scale+rng.IntN(150), 28*scale+rng.IntN(150)
	left, top := rng.IntN(w-28*scale+1), rng.IntN(h-28*scale+1)
	colours := [][2]color.NRGBA{
		{{255, 255, 255, 255}, {0, 0, 0, 255}}, {{0, 0, 0, 255}, {255, 255, 255, 255}},
		{{240, 230, 200, 255}, {20, 30, 150, 255}}, {{10, 60, 40, 255}, {250, 240, 120, 255}},
	}[rng.IntN(4)]
	at := func(x, y int) float64 {
		if x < 0 || y < 0 || x > 27 || y > 27 {
			return 0
		}
		return float64(mnist[y*28+x]) / 255
	}
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			fx, fy := (float64(x-left)+0.5)/float64(scale)-0.5, (float64(y-top)+0.5)/float64(scale)-0.5
			x0, y0 := math.Floor(fx), math.Floor(fy)
			if !smooth {
				x0, y0 = math.Round(fx), math.Round(fy)
				fx, fy = x0, y0
			}
			ax, ay, ix, iy := fx-x0, fy-y0, int(x0), int(y0)
			v := (1-ay)*((1-ax)*at(ix, iy)+ax*at(ix+1, iy)) + ay*((1-ax)*at(ix, iy+1)+ax*at(ix+1, iy+1))
			img.SetNRGBA(x, y, blend(colours[0], colours[1], v))
		}
	}
	return img
}
