package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Table is a table of text: the first column, and those of the given numbers
// from 1, to the left; the others, which are numbers, to the right.
func Table(head []string, rows [][]string, left ...int) string {
	t := table.NewWriter()
	style := table.StyleLight
	style.Options = table.Options{SeparateHeader: true}
	style.Format.Header = text.FormatDefault
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	t.SetStyle(style)
	t.AppendHeader(row(head))
	for _, r := range rows {
		t.AppendRow(row(r))
	}
	var columns []table.ColumnConfig
	for i := range head {
		align := text.AlignRight
		if i == 0 || slices.Contains(left, i+1) {
			align = text.AlignLeft
		}
		columns = append(columns, table.ColumnConfig{Number: i + 1, Align: align, AlignHeader: align})
	}
	t.SetColumnConfigs(columns)
	return trimLines(t.Render())
}

func row(cells []string) table.Row {
	r := make(table.Row, len(cells))
	for i, c := range cells {
		r[i] = c
	}
	return r
}

// trimLines takes blanks off the lines' ends.
func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// Heading is a line above a part of a text, bold where colour is wanted.
func Heading(s string, color bool) string {
	if color {
		s = "\x1b[1m" + s + "\x1b[0m"
	}
	return "\n" + s + "\n"
}

// Text writes the report for a terminal.
func (r *Report) Text(w io.Writer, color bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, seed %d, after %s and %s\n", r.Run, r.Network, r.Seed, Number(r.Cost.Epochs, "epoch"), Number(r.Cost.Steps, "step"))
	fmt.Fprintf(&b, "test accuracy %s, %s of %s wrong, test loss %.4f\n", Percent(float64(r.Accuracy)), Thousands(r.Errors), Number(r.TestImages, "image"), float64(r.Loss))
	if how := r.Tested(); how != "" {
		fmt.Fprintf(&b, "tested %s\n", how)
	}
	if beyond := r.Settings.Beyond(); beyond != "" {
		fmt.Fprintf(&b, "%s\n", beyond)
	}
	if r.Weights != "" {
		fmt.Fprintf(&b, "%s\n", r.Weights)
	}
	if r.Kept > 0 {
		fmt.Fprintf(&b, "the model has the weights of epoch %d\n", r.Kept)
	}
	b.WriteString(Heading("Classes", color))
	b.WriteString(r.classTable())
	b.WriteString(Heading("Confusion: a row a true class, a column a predicted one", color))
	b.WriteString(r.confusionTable())
	if len(r.Pairs) > 0 {
		b.WriteString(Heading("Most confused", color))
		for _, p := range r.Pairs {
			fmt.Fprintf(&b, "%s taken for %s: %s (%s of all %s)\n", p.Name, p.TakenName, Number(p.Images, "image"), Percent(p.Share), p.Name)
		}
	}
	b.WriteString(Heading("Worst images, by their number among those tested", color))
	b.WriteString(r.worstTable())
	b.WriteString(Heading("Cost", color))
	for _, c := range r.costLines() {
		fmt.Fprintf(&b, "%s: %s\n", c.Name, c.Value)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) classTable() string {
	var rows [][]string
	line := func(name string, images int, s Scores) {
		rows = append(rows, []string{name, Thousands(images), fmt.Sprintf("%.4f", s.Precision), fmt.Sprintf("%.4f", s.Recall), fmt.Sprintf("%.4f", s.F1)})
	}
	for _, c := range r.Classes {
		line(c.Name, c.Images, c.Scores)
	}
	line("mean", r.TestImages, r.Macro)
	return Table([]string{"class", "images", "precision", "recall", "F1"}, rows)
}

func (r *Report) confusionTable() string {
	head := []string{""}
	var rows [][]string
	for label, counts := range r.Confusion {
		head = append(head, r.names(label))
		row := []string{r.names(label)}
		for _, n := range counts {
			cell := strconv.Itoa(n)
			if n == 0 {
				cell = "."
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return Table(head, rows)
}

func (r *Report) worstTable() string {
	var rows [][]string
	for _, image := range r.Worst {
		var taken []string
		for _, g := range image.Guesses {
			taken = append(taken, g.Name+" "+probability(float64(g.Probability)))
		}
		rows = append(rows, []string{strconv.Itoa(image.Index), image.Name, fmt.Sprintf("%.3f", float64(image.Loss)), strings.Join(taken, ", ")})
	}
	return Table([]string{"image", "is", "loss", "most probable"}, rows, 4)
}

// fact is a name with a value.
type fact struct{ Name, Value string }

// costLines say what the run has taken, in words.
func (r *Report) costLines() []fact {
	c := r.Cost
	took := Seconds(c.Seconds) + ", validation included"
	if p := c.Pretraining; p != nil {
		took += fmt.Sprintf(", %s of them of the pre-training: %s, %s", Seconds(&p.Seconds), Number(p.Epochs, "epoch"), Number(p.Steps, "step"))
	}
	forward, step := Operations(c.ForwardFLOPs), Operations(c.StepFLOPs)+" (a multiply-add is two operations)"
	if c.Uncounted != "" {
		forward, step = "not known: "+c.Uncounted, "not known"
	}
	return []fact{
		{"training time", took},
		{"time of a step", Millis(c.MsPerStep) + " (an epoch's time by its steps, validation included)"},
		{"parameters", Thousands(c.Params)},
		{"an image, forward", forward},
		{"an image of a training step", step},
	}
}
