package report

import "stheno/nets/train"

// Line is a run in a plot of several.
type Line struct {
	Name  string // in the legend, once
	Color int    // lines of one colour belong together
	Run   *Report
}

// Curves are loss and accuracy of several runs, by epoch: validation solid,
// training dashed. There are none if no run has a whole epoch.
func Curves(runs []Line) []Figure {
	const x = "epoch (a pass over the training images)"
	loss := panel{title: "Loss", x: x, y: "cross-entropy, nats", fromZero: true}
	accuracy := panel{title: "Accuracy", x: x, y: "images classified right, %"}
	known := make(map[string]bool)
	epochs := 0
	for _, r := range runs {
		name := r.Name
		if known[name] {
			name = ""
		}
		known[name] = true
		epochs += len(r.Run.History())
		loss.addRun(r, name, func(row train.Row) (float64, *float64) { return row.Loss, row.ValLoss }, 1)
		accuracy.addRun(r, name, func(row train.Row) (float64, *float64) { return row.Accuracy, row.ValAccuracy }, 100)
	}
	if epochs == 0 {
		return nil
	}
	return []Figure{loss.figure(), accuracy.figure()}
}

// addRun adds a run's lines; the last, which is on top, is named.
func (p *panel) addRun(r Line, name string, metric func(train.Row) (float64, *float64), scale float64) {
	lines := historyLines(r.Run.History(), metric, scale)
	for i := range lines {
		lines[i].name, lines[i].color = "", lineColors[r.Color%len(lineColors)]
		lines[i].dashed = i == 0 && len(lines) > 1
	}
	lines[len(lines)-1].name = name
	p.lines = append(p.lines, lines...)
}
