package command

import (
	_ "embed"
	"fmt"
	"io"
	"strings"

	"stheno/nets/run/report"
	"stheno/nets/train/progress"
)

// committee is what several runs say together, by the mean of their softmax, held
// against each of them.
type committee struct {
	Type    string `json:"type"` // committee
	Version int    `json:"version"`
	exam
	Errors     int            `json:"errors"`
	Accuracy   progress.Float `json:"accuracy"`
	Loss       progress.Float `json:"loss"` // mean of -log of the mean probability of the true class, in nats
	Classes    []report.Class `json:"classes"`
	Confusion  [][]int        `json:"confusion"`
	Pairs      []report.Pair  `json:"pairs"`
	Cost       report.Cost    `json:"cost"`   // the members' sums
	Spread     sample         `json:"spread"` // of the members' accuracies
	Members    []member       `json:"members"`
	Conclusion []string       `json:"conclusion"`

	report *report.Report
}

// member is a run of a committee, tested on the same images.
type member struct {
	Run           string         `json:"run"`
	Network       string         `json:"network"`
	Seed          uint64         `json:"seed"`
	Errors        int            `json:"errors"`
	Accuracy      progress.Float `json:"accuracy"`
	Loss          progress.Float `json:"loss"`
	OnlyCommittee int            `json:"only_committee_right"` // images
	OnlyMember    int            `json:"only_member_right"`
	P             float64        `json:"p"` // McNemar's exact test
}

// newCommittee is of two runs at least.
func newCommittee(members []*report.Report) *committee {
	r := report.Committee(members)
	c := &committee{
		Type: "committee", Version: version, exam: examOf(members), Errors: r.Errors, Accuracy: r.Accuracy, Loss: r.Loss,
		Classes: r.Classes, Confusion: r.Confusion, Pairs: r.Pairs, Cost: r.Cost, report: r,
	}
	var accuracies []float64
	right := r.Right()
	for _, m := range members {
		only, other := onlyOne(right, m.Right())
		c.Members = append(c.Members, member{m.Run, m.Network, m.Seed, m.Errors, m.Accuracy, m.Loss, only, other, mcnemar(only, other)})
		accuracies = append(accuracies, float64(m.Accuracy))
	}
	c.Spread = newSample(accuracies)
	c.Conclusion = append(c.conclude(), tested(members)...)
	return c
}

func (c *committee) conclude() []string {
	best := c.Members[0]
	for _, m := range c.Members {
		if m.Errors < best.Errors {
			best = m
		}
	}
	what := "may well be chance"
	if best.P < certain {
		what = "is hardly chance"
	}
	lines := []string{fmt.Sprintf("Together the %d runs are right on %s of %s, %s of them wrong; alone on %s in the mean.",
		len(c.Members), report.Percent(float64(c.Accuracy)), c.Images(), report.Thousands(c.Errors), report.Percent(c.Spread.Mean))}
	if best.OnlyCommittee == best.OnlyMember {
		return append(lines, fmt.Sprintf("The best of them, %s, is as accurate as the committee.", best.Run))
	}
	return append(lines, fmt.Sprintf("Against the best of them, %s (%s), the difference %s (p %s, McNemar, exact): only the committee gets %s right, only the run %d. That run was picked on these images, which flatters it.",
		best.Run, report.Percent(float64(best.Accuracy)), what, pValue(best.P), report.Number(best.OnlyCommittee, "image"), best.OnlyMember))
}

// table has a row for the committee and one a member.
func (c *committee) table() grid {
	rows := [][]string{{"committee", "", "", report.Percent(float64(c.Accuracy)), report.Thousands(c.Errors), fmt.Sprintf("%.4f", float64(c.Loss)), "", "", ""}}
	for _, m := range c.Members {
		rows = append(rows, []string{m.Run, m.Network, fmt.Sprint(m.Seed), report.Percent(float64(m.Accuracy)), report.Thousands(m.Errors), fmt.Sprintf("%.4f", float64(m.Loss)),
			fmt.Sprint(m.OnlyCommittee), fmt.Sprint(m.OnlyMember), strings.TrimPrefix(pValue(m.P), "= ")})
	}
	return grid{[]string{"", "network", "seed", "accuracy", "wrong", "test loss", "only committee", "only run", "p"}, rows}
}

// costLine is what the committee takes, in words.
func (c *committee) costLine() string {
	takes := fmt.Sprintf("take %s an image", report.Operations(c.Cost.ForwardFLOPs))
	if c.Cost.Uncounted != "" {
		takes = fmt.Sprintf("take operations that are not known (%s)", c.Cost.Uncounted)
	}
	return fmt.Sprintf("Together they have %s parameters, %s and were trained in %s.", report.Thousands(c.Cost.Params), takes, report.Seconds(c.Cost.Seconds))
}

// Text writes the committee for a terminal.
func (c *committee) Text(w io.Writer, t progress.Terminal) error {
	var b strings.Builder
	fmt.Fprintf(&b, "a committee of %s, %s\n", report.Number(len(c.Members), "run"), c.Images())
	b.WriteString(report.Heading("Accuracy", t.Color))
	b.WriteString(c.table().text(t))
	b.WriteString(report.Heading("Confusion", t.Color))
	b.WriteString(c.report.ConfusionTable())
	b.WriteString(report.Heading("In words", t.Color))
	for _, line := range append(c.Conclusion, c.costLine()) {
		b.WriteString(t.Wrap(line) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

//go:embed committee.html
var committeeBody string

var committeePage = report.Page(parts + committeeBody)

// HTML writes the committee as a page that holds all that it shows.
func (c *committee) HTML(w io.Writer) error {
	v := struct {
		*committee
		Title     string
		Words     []string
		Accuracy  grid
		Confusion report.Figure
	}{committee: c, Title: "A committee of " + report.Number(len(c.Members), "run"), Words: unbroken(append(c.Conclusion, c.costLine())), Accuracy: c.table(), Confusion: c.report.ConfusionFigure()}
	return committeePage.Execute(w, v)
}
