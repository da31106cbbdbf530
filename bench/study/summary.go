package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"gonum.org/v1/gonum/stat"

	"stheno/nets/run"
)

// figure is a line's accuracy and loss.
func (l line) figure() string {
	what, loss := "test", l.TestLoss
	if l.ValAccuracy != nil {
		what, loss = "held out", l.ValLoss
	}
	return fmt.Sprintf("%s accuracy %.4f, loss %.4f, %s", what, l.accuracy(), *loss, duration(l.Seconds))
}

// group is the lines of a kind.
type group struct {
	job        job
	lines      []line
	committees []line
	open       int
	begun      int // of those that are open, the runs that have a folder
}

// groups puts jobs of one kind together, in their order.
func groups(jobs []job, lines results, runs string) (all []*group) {
	for _, j := range jobs {
		if len(all) == 0 || all[len(all)-1].job.kind() != j.kind() {
			all = append(all, &group{job: j})
		}
		g := all[len(all)-1]
		switch l, done := lines.of(j); {
		case !done:
			g.open++
			if _, err := os.Stat(run.Folder(j.folder(runs)).File(run.ConfigFile)); err == nil {
				g.begun++
			}
		case j.seed == 0:
			g.committees = append(g.committees, l)
		default:
			g.lines = append(g.lines, l)
		}
	}
	return all
}

// list shows what is done and what is open.
func list(w io.Writer, jobs []job, lines results, runs string) error {
	t := newTable("study", "run", "done", "open", "begun", "network and flags")
	open := 0
	for _, g := range groups(jobs, lines, runs) {
		t.AppendRow(table.Row{g.job.study, g.job.name, len(g.lines) + len(g.committees), g.open, g.begun, g.job.network + " " + g.job.flags})
		open += g.open
	}
	_, err := fmt.Fprintf(w, "%s\n%d of %d are done\n", t.Render(), len(jobs)-open, len(jobs))
	return err
}

// summarize shows what was reached, over the seeds. Accuracies are in per cent,
// deviations, intervals and differences in points of it.
func summarize(w io.Writer, jobs []job, lines results, markdown bool) error {
	t := newTable("study", "run", "images", "seeds", "accuracy, %", "deviation", "95 % interval", "less its control", "loss", "committee, %", "seconds", "on")
	all := groups(jobs, lines, "")
	for _, g := range all {
		if len(g.lines) > 0 {
			t.AppendRow(g.row(g.controlOf(all)))
		}
	}
	text := t.Render()
	if markdown {
		text = t.RenderMarkdown()
	}
	if t.Length() == 0 {
		text = "nothing is done yet"
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

func newTable(head ...any) table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(head)
	return t
}

// row is a group's in the summary, beside what it is held against, if anything. The
// interval is of the mean, by Student's t.
func (g *group) row(control *group) table.Row {
	var accuracy, loss, seconds []float64
	var machines []string
	images := "test"
	for _, l := range g.lines {
		b := l.TestLoss
		if l.ValAccuracy != nil {
			b, images = l.ValLoss, "held out"
		}
		accuracy, loss, seconds = append(accuracy, 100*l.accuracy()), append(loss, *b), append(seconds, l.Seconds)
		if on := fmt.Sprintf("%s, %d threads", l.CPU, l.Threads); !strings.Contains(strings.Join(machines, "; "), on) {
			machines = append(machines, on)
		}
	}
	deviation, between := "", ""
	if len(accuracy) > 1 {
		mean, half := interval(accuracy)
		deviation, between = fmt.Sprintf("%.3f", stat.StdDev(accuracy, nil)), fmt.Sprintf("%.2f to %.2f", mean-half, mean+half)
	}
	return table.Row{g.job.study, g.job.name, images, len(g.lines), fmt.Sprintf("%.3f", stat.Mean(accuracy, nil)), deviation, between, g.effect(control),
		fmt.Sprintf("%.4f", stat.Mean(loss, nil)), g.elected(), fmt.Sprintf("%.0f", stat.Mean(seconds, nil)), strings.Join(machines, "; ")}
}

// elected is what the committees reach.
func (g *group) elected() string {
	var all []string
	for _, l := range g.committees {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%.2f %s", 100**l.TestAccuracy, l.Views)))
	}
	return strings.Join(all, "; ")
}
