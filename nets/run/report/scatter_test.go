package report

import (
	"fmt"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

// crowd are points that lie close together, with long names.
func crowd() (points scatter) {
	for i := range 9 {
		a := 0.98 + 0.0015*float64(i%4)
		p := Point{Name: fmt.Sprintf("runs/network-%d (5 seeds)", i), Cost: 30 + float64(7*i*i), Accuracy: a, colorRank: i}
		if i%2 == 0 {
			p.Interval = &[2]float64{a - 0.002, a + 0.001}
		}
		points = append(points, p)
	}
	return points
}

// TestErrorsAndIntervals: what is right in the interval's upper end is wrong in
// the lower one of errors, and no error is below zero.
func TestErrorsAndIntervals(t *testing.T) {
	low, high := Point{Accuracy: 0.99, Interval: &[2]float64{0.97, 1.01}}.interval()
	if low != 0 || high < 2.999 || high > 3.001 {
		t.Errorf("from %v to %v", low, high)
	}
}

// TestNamesDoNotOverlap places the names of points of equal heights and costs.
func TestNamesDoNotOverlap(t *testing.T) {
	within := vg.Rectangle{Max: vg.Point{X: 500, Y: 300}}
	var taken []vg.Rectangle
	for i := range 12 {
		at := vg.Point{X: vg.Length(200 + 10*(i%3)), Y: 150}
		box := place(at, 120, within, taken)
		if !inside(box, within) || !free(box, taken) {
			t.Errorf("name %d stands at %v", i, box)
		}
		taken = append(taken, box)
	}
}

func TestAgainst(t *testing.T) {
	f, ok := Against("seconds", crowd())
	if !ok {
		t.Fatal("no plot")
	}
	for _, p := range crowd() {
		if strings.Count(string(f.SVG), p.Name) != 1 {
			t.Errorf("%s is not named once", p.Name)
		}
	}
	if _, ok := Against("seconds", []Point{{Name: "a", Cost: 1, Accuracy: 0.9}, {Name: "b", Accuracy: 0.8}}); ok {
		t.Error("a plot of one point")
	}
}
