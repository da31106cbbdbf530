package command

import (
	"strings"
	"testing"

	"stheno/nets/run/report"
)

// TestUnknownOperations are left out of ratios, words and picture, and a line says
// whose they are, and why.
func TestUnknownOperations(t *testing.T) {
	entryOf := func(name string, cost report.Cost) *entry {
		cost.Params = 1000
		return &entry{Name: name, Accuracy: newSample([]float64{0.9}), Recall: []float64{0.9}, Cost: cost, reports: make([]*report.Report, 1)}
	}
	known := report.Cost{ForwardFLOPs: new(2000.), StepFLOPs: new(4000.), FLOPs: new(4e12)}
	a, b := entryOf("a", known), entryOf("b", known)
	own := entryOf("own", report.Cost{Uncounted: "layer swish (Swish) does not say its FLOPs"})
	c := &comparison{Entries: []*entry{a, own, b}, Runs: []*report.Report{{Classes: []report.Class{{Name: "0"}}}}}
	for _, e := range c.Entries[1:] {
		e.reports = nil // no test of chance
		c.Against = append(c.Against, differ(e, a))
	}
	if c.Against[0].FLOPs != nil || c.Against[1].FLOPs == nil {
		t.Errorf("against the first: %+v", c.Against)
	}
	words := strings.Join(c.conclude(), "\n")
	for _, want := range []string{
		"Against a, own takes the same number of parameters.\n",
		"Against a, b takes the same number of parameters and the same operations of a training step.\n",
		"The operations of own are not known, and left out: layer swish (Swish) does not say its FLOPs.",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("%s\nlacks %s", words, want)
		}
	}
	if row := c.costTable().Rows[1]; row[5] != "unknown" || row[6] != "unknown" {
		t.Errorf("the table has %q", row)
	}
	figures := c.trade()
	if len(figures) != 1 || !strings.Contains(string(figures[0].SVG), ">b<") || strings.Contains(string(figures[0].SVG), ">own<") {
		t.Errorf("%d pictures of the trade, or not of a and b alone", len(figures))
	}
	members := &committee{}
	members.Cost.Params, members.Cost.Uncounted = 2000, own.Cost.Uncounted
	if line := members.costLine(); !strings.Contains(line, "take operations that are not known (layer swish (Swish) does not say its FLOPs)") {
		t.Errorf("of a committee: %s", line)
	}
}
