package report

import (
	"fmt"
	"html/template"
	"maps"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// view is a report as its page shows it.
type view struct {
	*Report
	Title     string
	Curves    []Figure
	ByStep    bool // the curves are of steps: there is no whole epoch
	Confusion Figure
	Embedding *Figure // of the pre-training; nil without
	Bars      []bar
	Worst     []worstView
	Filters   filters
	Tiles     []tileView
	Costs     []fact
	Settings  []fact
	Data      []fact
	Versions  []fact
}

// Figure is a drawing in a page.
type Figure struct {
	SVG template.HTML
}

// bar is a class with the share of its images that are missed, as a bar: near
// 1, recall itself would look the same for all.
type bar struct {
	Class
	Width string // of 100
}

type worstView struct {
	Image
	URI           template.URL
	Width, Height int
	Guesses       []guessView
}

type guessView struct {
	Guess
	Right bool
	Width string // of 100
}

type tileView struct {
	Unit int
	Norm string
	URI  template.URL
}

func (r *Report) view() view {
	v := view{
		Report: r, Title: fmt.Sprintf("%s, seed %d", r.Network, r.Seed),
		ByStep:    len(r.run.History) == 0,
		Confusion: Figure{r.confusionDrawing().inline(r.confusionLabel())},
		Costs:     r.costLines(), Settings: settingsFacts(r), Data: dataFacts(r), Versions: versionFacts(r),
	}
	if r.Embedding != nil {
		v.Embedding = &Figure{r.embeddingDrawing().inline("images as points in the plane of the embedding in which they vary most, by class")}
	}
	for _, p := range r.run.curves() {
		v.Curves = append(v.Curves, p.figure())
	}
	most := 0.0
	for _, c := range r.Classes {
		most = max(most, 1-c.Recall)
	}
	for _, c := range r.Classes {
		width := 0.0
		if most > 0 {
			width = 100 * (1 - c.Recall) / most
		}
		v.Bars = append(v.Bars, bar{c, decimals(width)})
	}
	for _, image := range r.Worst {
		v.Worst = append(v.Worst, newWorstView(image))
	}
	v.Filters = r.filters
	for _, t := range v.Filters.Tiles {
		v.Tiles = append(v.Tiles, tileView{t.Unit, fmt.Sprintf("%.3g", t.Norm), t.picture.uri()})
	}
	return v
}

// decimals is a number for CSS, which knows no NaN.
func decimals(v float64) string {
	if math.IsNaN(v) {
		v = 0
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

// figure is the panel in a page.
func (p panel) figure() Figure {
	return Figure{p.drawing().inline(p.title + ": " + p.y + ", by " + p.x)}
}

func newWorstView(image Image) worstView {
	v := worstView{Image: image, URI: image.picture.uri(), Width: image.picture.width, Height: image.picture.height}
	for _, g := range image.Guesses {
		v.Guesses = append(v.Guesses, guessView{g, g.Label == image.Label, decimals(100 * float64(g.Probability))})
	}
	return v
}

// settingsFacts are the settings under the names of config.json.
func settingsFacts(r *Report) []fact {
	var facts []fact
	v := reflect.ValueOf(r.Settings)
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		value := fmt.Sprint(v.Field(i).Interface())
		if value == "" {
			value = "–"
		}
		facts = append(facts, fact{name, value})
	}
	return facts
}

// dataFacts name the files without their folder, which is the machine's.
func dataFacts(r *Report) []fact {
	d := r.run.Config.Data
	facts := []fact{
		{"images to train on", Thousands(d.Train)}, {"images to test on", Thousands(d.Test)},
		{"size of an image", fmt.Sprintf("%d x %d, %s", d.Image[0], d.Image[1], Number(d.Image[2], "channel"))},
		{"classes", strconv.Itoa(d.Classes)},
	}
	for _, f := range d.Files {
		facts = append(facts, fact{filepath.Base(f.Path), "SHA-256 " + f.SHA256})
	}
	return facts
}

func versionFacts(r *Report) []fact {
	c := r.run.Config
	facts := []fact{{"kernels", c.Kernels}}
	for _, layer := range slices.Sorted(maps.Keys(c.Convolutions)) {
		facts = append(facts, fact{layer, c.Convolutions[layer]})
	}
	for _, name := range slices.Sorted(maps.Keys(c.Versions)) {
		facts = append(facts, fact{name, c.Versions[name]})
	}
	return facts
}
