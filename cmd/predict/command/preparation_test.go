package command

import (
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stheno/cmd/internal/shell"
	"stheno/data"
	"stheno/data/digit"
	"stheno/nets/run"
	"stheno/nets/train"
)

// sheets are ways to draw the same strokes: each makes a colour of the ink there
// is on a pixel, from 0 to 255.
var sheets = map[string]func(ink uint8) color.Color{
	"red on transparency": func(ink uint8) color.Color { return color.NRGBA{200, 30, 30, ink} },
	"dark on white":       func(ink uint8) color.Color { return color.Gray{255 - ink} },
	"coloured":            func(ink uint8) color.Color { return color.NRGBA{255 - ink, ink / 2, 90, 255} },
}

// folder writes pictures of three classes, to train and to test on.
func folder(t *testing.T, dir string, sheet func(uint8) color.Color) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 90 {
		_, grey := sheet(0).(color.Gray)
		var img interface {
			image.Image
			Set(x, y int, c color.Color)
		} = image.NewNRGBA(image.Rect(0, 0, 28, 28))
		if grey {
			img = image.NewGray(image.Rect(0, 0, 28, 28))
		}
		kind, left, top := i%3, 3+rng.IntN(5), 3+rng.IntN(5)
		for y := range 28 {
			for x := range 28 {
				u, v := x-left, y-top
				on := u >= 0 && u < 18 && v >= 0 && v < 18 && [3]bool{v > 12, u > 12, max(u-v, v-u) < 3}[kind]
				ink := uint8(rng.IntN(60))
				if on != (rng.IntN(9) == 0) {
					ink += 190
				}
				img.Set(x, y, sheet(ink))
			}
		}
		part := "train"
		if i >= 60 {
			part = "test"
		}
		writeFile(t, filepath.Join(dir, part, []string{"bottom", "right", "slash"}[kind], fmt.Sprintf("%02d.png", i)), encoded(t, img))
	}
}

// TestPredictSeesWhatTrainingSaw: on the folder that the run was trained on,
// predict has the test accuracy that training had, whatever the pictures look like.
func TestPredictSeesWhatTrainingSaw(t *testing.T) {
	for name, sheet := range sheets {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			pictures, into := filepath.Join(dir, "pictures"), filepath.Join(dir, "run")
			folder(t, pictures, sheet)
			set, err := data.Open(pictures)
			if err != nil {
				t.Fatal(err)
			}
			m := untrained(t, "mlp", set.Train.Shape(), set.Classes)
			if _, err := train.Fit(t.Context(), m, set.Train, train.NewAdam(0.001), train.Plan{Epochs: 1, Batch: 20, Shuffle: true, Seed: 1}); err != nil {
				t.Fatal(err)
			}
			test, err := train.Evaluate(t.Context(), m, set.Test, nil)
			if err != nil {
				t.Fatal(err)
			}
			config, err := run.NewConfig(m)
			if err != nil {
				t.Fatal(err)
			}
			config.Data.Names, config.Settings.Preparation = set.Names, set.Preparation
			if _, err := run.CreateFolder(into, "", time.Now(), func(f run.Folder) error {
				if err := f.WriteJSON(run.ConfigFile, config); err != nil {
					return err
				}
				return f.WriteModel(m)
			}); err != nil {
				t.Fatal(err)
			}
			links := filepath.Join(dir, "links") // to the classes' folders
			for _, class := range set.Names {
				if err := os.MkdirAll(filepath.Join(links, "test"), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(filepath.Join(pictures, "test", class), filepath.Join(links, "test", class)); err != nil {
					t.Fatal(err)
				}
			}
			for _, args := range [][]string{{pictures}, {filepath.Join(pictures, "test")}, {links}} {
				o := command(t, nil, append([]string{"-model", into, "-json"}, args...)...)
				lines := o.lines()
				var e evaluationLine
				if err := json.Unmarshal([]byte(lines[len(lines)-1]), &e); err != nil || o.code != 0 {
					t.Fatalf("%v: exit code %d, %s", err, o.code, o.stderr)
				}
				if e.Images != 30 || e.Accuracy != test.Accuracy || e.Preparation != digit.Raw || e.Version != eventsVersion {
					t.Errorf("%+v, training had %.4f of 30", e, test.Accuracy)
				}
				if n := strings.Count(o.stdout, `"preparation":"raw"`); n != 31 {
					t.Errorf("%d lines say how pictures were prepared, expected 31", n)
				}
			}
		})
	}
}

// TestWhichPreparation: the run's, or a flag's, and a person is told once.
func TestWhichPreparation(t *testing.T) {
	run, colour := mlpRun(t), write(t, filepath.Join(t.TempDir(), "colour"), untrained(t, "mlp", [3]int{8, 6, 3}, 4))
	t.Chdir(t.TempDir())
	writeFile(t, "one.png", bar(t))
	const scaled = "pictures are scaled to 28 x 28 and nothing else"
	for _, c := range []struct {
		stderr string
		args   []string
	}{
		{asMNIST, []string{"-model", run}},
		{"-mnist: pictures are prepared as MNIST's were (ink found, 20 pixels long, centred), as those were that the run was trained on\n", []string{"-model", run, "-mnist"}},
		{"-raw: " + scaled + ", unlike those that the run was trained on\n", []string{"-model", run, "-raw"}},
		{"pictures are scaled to 8 x 6 and nothing else, as those were that the run was trained on\n", []string{"-model", colour}},
	} {
		o := command(t, nil, append(c.args, "one.png", "one.png")...)
		if o.code != 0 || o.stderr != c.stderr {
			t.Errorf("%v: %+v, expected %q", c.args, o, c.stderr)
		}
	}
	for _, c := range [][]string{
		{"take one of them", "-model", run, "-raw", "-mnist"},
		{"-mnist: images of 8 x 6 x 3 cannot be prepared as MNIST's were, which are 28 x 28 x 1", "-model", colour, "-mnist"},
	} {
		if o := command(t, nil, append(c[1:], "one.png")...); o.code != shell.Wrong || !strings.Contains(o.stderr, c[0]) {
			t.Errorf("%v: %+v, expected %q", c[1:], o, c[0])
		}
	}
}

// TestOlderRuns do not say how pictures were prepared: it follows from their data.
func TestOlderRuns(t *testing.T) {
	m := untrained(t, "mlp", [3]int{28, 28, 1}, 10)
	for file, want := range map[string]string{"train-images": "as MNIST's were", "train": "scaled to 28 x 28"} {
		dir := write(t, filepath.Join(t.TempDir(), "run"), m)
		f := run.Folder(dir)
		config, err := f.ReadConfig()
		if err != nil {
			t.Fatal(err)
		}
		config.Settings.Preparation = digit.Preparation{}
		config.Data.Files = []run.SourceFile{{Name: file}}
		if err := f.WriteJSON(run.ConfigFile, config); err != nil {
			t.Fatal(err)
		}
		if o := command(t, bar(t), "-model", dir, "-"); o.code != 0 || !strings.Contains(o.stderr, want) || !strings.Contains(o.stderr, "does not say how") {
			t.Errorf("of %s: %+v, expected %q", file, o, want)
		}
	}
}

// TestClassesGoByName: a folder's classes have the run's numbers, in whatever
// order they stand, and one that the run does not know is named.
func TestClassesGoByName(t *testing.T) {
	dir := write(t, filepath.Join(t.TempDir(), "run"), untrained(t, "mlp", [3]int{28, 28, 1}, 3))
	f := run.Folder(dir)
	config, err := f.ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	config.Data.Names = []string{"1", "10", "2"} // as folders are sorted
	if err := f.WriteJSON(run.ConfigFile, config); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	writeFile(t, "own/test/2/a.png", bar(t))
	writeFile(t, "own/train/1/a.png", bar(t))
	writeFile(t, "idx/t10k-images-idx3-ubyte", idx(make([]byte, 2*784), 2, 28, 28))
	writeFile(t, "idx/t10k-labels-idx1-ubyte", idx([]byte{2, 10}, 2))
	confusion := func(args ...string) (sums []int) {
		o := command(t, nil, append([]string{"-model", dir, "-json"}, args...)...)
		var e evaluationLine
		if err := json.Unmarshal([]byte(o.lines()[len(o.lines())-1]), &e); err != nil || o.code != 0 || len(e.Confusion) != 3 {
			t.Fatalf("%v: %+v", err, o)
		}
		for _, row := range e.Confusion {
			sums = append(sums, row[0]+row[1]+row[2])
		}
		return sums
	}
	if got := confusion("own"); !slices.Equal(got, []int{0, 0, 1}) {
		t.Errorf("class 2 of the folder is counted in %v", got)
	}
	if got := confusion("idx/t10k-images-idx3-ubyte"); !slices.Equal(got, []int{0, 1, 1}) {
		t.Errorf("the labels 2 and 10 are counted in %v", got)
	}
	writeFile(t, "own/test/3/a.png", bar(t))
	if o := command(t, nil, "-model", dir, "own"); o.code != shell.Failure || !strings.Contains(o.stderr, `"3" is no class of `+dir+`, whose classes are 1, 10, 2`) {
		t.Errorf("an unknown class: %+v", o)
	}
	writeFile(t, "alone/train/1/a.png", bar(t))
	if o := command(t, nil, "-model", dir, "alone"); o.code != 0 || !strings.Contains(o.stderr, "alone has no test pictures: those in "+filepath.Join("alone", "train")) {
		t.Errorf("without a test part: %+v", o)
	}
}
