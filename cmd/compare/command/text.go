package command

import (
	"fmt"
	"io"
	"strings"

	"stheno/nets/run/report"
	"stheno/nets/train/progress"
)

// Text writes the comparison for a terminal.
func (c *comparison) Text(w io.Writer, t progress.Terminal) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s\n", report.Number(len(c.Runs), "run"), c.Images())
	b.WriteString(report.Heading("Accuracy", t.Color))
	b.WriteString(c.accuracyTable().text(t))
	b.WriteString(report.Heading("Cost", t.Color))
	b.WriteString(c.costTable().text(t))
	b.WriteString(report.Heading("Recall by class", t.Color))
	classes := c.classTable()
	b.WriteString(report.Table(classes.Head, classes.Rows))
	b.WriteString(report.Heading("In words", t.Color))
	for _, line := range c.Conclusion {
		b.WriteString(t.Wrap(line) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (c *comparison) accuracyTable() grid {
	var rows [][]string
	for _, e := range c.Entries {
		deviation, interval := "", ""
		if e.Accuracy.Interval != nil {
			deviation = fmt.Sprintf("%.2f points", 100**e.Accuracy.Deviation)
			interval = fmt.Sprintf("%.2f to %.2f %%", 100*max(0, e.Accuracy.Interval[0]), 100*min(1, e.Accuracy.Interval[1]))
		}
		rows = append(rows, []string{e.Name, seeds(e), report.Percent(e.Accuracy.Mean), deviation, interval, count(e.Errors), fmt.Sprintf("%.4f", float64(e.Loss))})
	}
	return grid{[]string{"", "seed", "accuracy", "deviation", "95 % interval", "wrong", "test loss"}, rows}.telling()
}

func seeds(e *entry) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(e.Seeds), " ", ", "), "[]")
}

func (c *comparison) costTable() grid {
	var rows [][]string
	for _, e := range c.Entries {
		k := e.Cost
		epochs := fmt.Sprint(k.Epochs)
		if p := k.Pretraining; p != nil {
			epochs += fmt.Sprintf(", and %d of pre-training", p.Epochs)
		}
		rows = append(rows, []string{e.Name, epochs, report.Seconds(k.Seconds), report.Millis(k.MsPerStep),
			report.Thousands(k.Params), report.Operations(k.ForwardFLOPs), report.Operations(k.StepFLOPs)})
	}
	return grid{[]string{"", "epochs", "training time", "a step", "parameters", "image forward", "image trained"}, rows}
}

// classTable has a row a class and a column an entry.
func (c *comparison) classTable() grid {
	g := grid{Head: []string{"class", "images"}}
	for _, e := range c.Entries {
		g.Head = append(g.Head, e.Name)
	}
	for label, class := range c.Runs[0].Classes {
		row := []string{class.Name, report.Thousands(class.Images)}
		for _, e := range c.Entries {
			row = append(row, fmt.Sprintf("%.4f", e.Recall[label]))
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}
