package report

import (
	"encoding/xml"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"stheno/nets/embedding"
	"stheno/nets/run"
	"stheno/nets/train"
)

var (
	pictures = regexp.MustCompile(`(?s)<svg.*?</svg>`)
	encoded  = regexp.MustCompile(`data:image/png;base64,[^"]*`)
	noNumber = regexp.MustCompile(`\bNaN\b|\bInf\b|#-|:-\d`)
	colors   = regexp.MustCompile(`^(none|#[0-9a-f]{6}|var\(--[a-z]+\))$`)
	letters  = regexp.MustCompile(`[MLAQCZ, ]+`)
)

// checkPictures holds all pictures of a file or a page to what a browser can draw:
// well-formed, of colours that are ones, of numbers, and of sizes above 0.
func checkPictures(t *testing.T, name, content string) {
	t.Helper()
	content = encoded.ReplaceAllString(content, "data")
	if bad := noNumber.FindString(content); bad != "" {
		t.Errorf("%s has %s", name, bad)
	}
	all := pictures.FindAllString(content, -1)
	if len(all) == 0 {
		t.Errorf("%s has no picture", name)
	}
	for _, picture := range all {
		d := xml.NewDecoder(strings.NewReader(picture))
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if e, ok := token.(xml.StartElement); ok {
				for _, a := range e.Attr {
					checkAttribute(t, name+": "+e.Name.Local, a.Name.Local, a.Value)
				}
			}
		}
	}
}

func checkAttribute(t *testing.T, where, name, value string) {
	t.Helper()
	numbers := func(text string, least float64) {
		for _, word := range strings.Fields(text) {
			if v, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSuffix(word, "pt"), "px"), 64); err != nil || !(v >= least) || math.IsInf(v, 0) {
				t.Errorf("%s has %s=%q", where, name, value)
			}
		}
	}
	switch name {
	case "width", "height":
		numbers(value, 0.01)
	case "viewBox", "x", "y":
		numbers(value, math.Inf(-1))
	case "d":
		numbers(letters.ReplaceAllString(value, " "), math.Inf(-1))
	case "style":
		for _, part := range strings.Split(value, ";") {
			property, value, _ := strings.Cut(part, ":")
			switch property {
			case "fill", "stroke":
				if !colors.MatchString(value) {
					t.Errorf("%s has the colour %s", where, value)
				}
			case "stroke-width", "font-size", "fill-opacity", "stroke-opacity":
				numbers(value, 0.01)
			}
		}
	}
}

// drawn is a report with everything that is drawn, at the edges of what there may
// be: a loss that has diverged, points in one place.
func drawn(t *testing.T) *Report {
	r := synthetic()
	value := 0.5
	r.run.Folder = run.Folder(t.TempDir())
	r.run.History = []train.Row{{Epoch: 1, Loss: 0.5, ValLoss: &value, ValAccuracy: &value}, {Epoch: 2, Loss: math.NaN(), ValLoss: &value, ValAccuracy: &value}}
	r.Embedding = &embedding.Quality{Variance: [2]float64{0.5, 0.25}}
	for i := range 6 {
		r.Embedding.Map = append(r.Embedding.Map, embedding.Place{X: 0.5, Y: 0.25, Label: i % 3})
	}
	return r
}

// TestPicturesAreSound walks all that a report leaves, and what compare adds.
func TestPicturesAreSound(t *testing.T) {
	r := drawn(t)
	if err := r.Write(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(r.run.Folder.File("*"))
	if err != nil || len(files) != 4 {
		t.Fatalf("%v (%v), want three pictures and a page", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		checkPictures(t, filepath.Base(file), string(content))
	}
	for _, f := range Curves([]Line{{"a run", 0, r}, {"another", 1, r}}) {
		checkPictures(t, "compare's curves", string(f.SVG))
	}
	against, _ := Against("seconds", crowd())
	checkPictures(t, "compare's costs", string(against.SVG))
	same, _ := Against("seconds", []Point{{Name: "a", Cost: 1, Accuracy: 1}, {Name: "b", Cost: 1, Accuracy: 1}})
	checkPictures(t, "costs that are equal", string(same.SVG))
}

// TestTransparentIsLeftOut: a colour without opacity draws nothing.
func TestTransparentIsLeftOut(t *testing.T) {
	d := drawing{100, 100, func(c draw.Canvas) {
		p := plot.New()
		p.BackgroundColor = nil
		p.Add(&plotter.Scatter{XYs: plotter.XYs{{X: 1, Y: 1}}, GlyphStyle: draw.GlyphStyle{Color: faint(red, 0), Radius: 2, Shape: draw.CircleGlyph{}}})
		p.Draw(c)
	}}
	checkPictures(t, "a plot", string(d.file()))
	if strings.Contains(string(d.file()), hex(red)) {
		t.Error("what is transparent is drawn")
	}
}

// TestTextsHangOnTheirPoint: a cell's number is centred by the reader's font, not
// by the one that was measured, and so are labels of axes.
func TestTextsHangOnTheirPoint(t *testing.T) {
	d := drawing{100, 100, func(c draw.Canvas) {
		for align, y := range map[text.XAlignment]vg.Length{text.XLeft: 10, text.XCenter: 20, text.XRight: 30} {
			style := face(12, ink)
			style.XAlign = align
			c.FillText(style, vg.Point{X: 50, Y: y}, "1234")
		}
	}}
	svg := string(d.file())
	for _, want := range []string{`<text x="50" y="-11.14" transform="scale(1 -1)" style`, `<text x="50" y="-21.14" transform="scale(1 -1)" text-anchor="middle"`, `<text x="50" y="-31.14" transform="scale(1 -1)" text-anchor="end"`} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s in %s", want, svg)
		}
	}
	matrix := string(synthetic().confusionDrawing().file())
	if n := strings.Count(matrix, `text-anchor="middle"`); n != 5+3+2 {
		t.Errorf("%d texts of the matrix are centred, want five numbers, three names and two labels: %s", n, matrix)
	}
}
