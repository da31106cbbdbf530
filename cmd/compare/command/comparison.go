package command

import (
	"encoding/json"
	"fmt"

	"stheno/nets/run"
	"stheno/nets/run/report"
	"stheno/nets/train/progress"
)

// comparison is what there is to say about several runs. The first entry is
// what the others are held against.
type comparison struct {
	Type    string `json:"type"` // comparison
	Version int    `json:"version"`
	exam
	Entries    []*entry         `json:"entries"`
	Against    []difference     `json:"against_the_first"` // of each other entry
	Conclusion []string         `json:"conclusion"`
	Runs       []*report.Report `json:"runs"`
}

// exam is what all runs were tested on.
type exam struct {
	TestImages int  `json:"test_images"`
	HeldOut    bool `json:"held_out,omitempty"` // training images that the runs held out
}

func examOf(reports []*report.Report) exam { return exam{reports[0].TestImages, reports[0].HeldOut} }

// Images is how many there are, of which kind.
func (e exam) Images() string {
	if e.HeldOut {
		return report.Number(e.TestImages, "held-out image")
	}
	return report.Number(e.TestImages, "test image")
}

// entry are the runs that differ only in their seed, often one.
type entry struct {
	Name     string         `json:"name"`
	Network  string         `json:"network"`
	Runs     []string       `json:"runs"` // folders
	Seeds    []uint64       `json:"seeds"`
	Accuracy sample         `json:"accuracy"`
	Errors   float64        `json:"errors"` // mean
	Loss     progress.Float `json:"loss"`   // mean
	Recall   []float64      `json:"recall"` // of each class, mean
	F1       []float64      `json:"f1"`
	Cost     report.Cost    `json:"cost"` // seconds, ms_per_step and flops are means

	reports []*report.Report
}

// difference is an entry held against the first.
type difference struct {
	Name     string   `json:"name"`
	Accuracy float64  `json:"accuracy"` // how much higher
	Test     string   `json:"test,omitempty"`
	P        *float64 `json:"p,omitempty"` // how likely so large a difference is by chance; absent without a test

	OnlyThis  *int `json:"only_this_right,omitempty"` // images, of two single runs
	OnlyFirst *int `json:"only_first_right,omitempty"`

	Params  float64  `json:"times_params"`
	FLOPs   *float64 `json:"times_flops_step,omitempty"`  // absent where a layer does not say its own
	Step    *float64 `json:"times_ms_per_step,omitempty"` // absent where a time is not known
	Seconds *float64 `json:"times_seconds,omitempty"`

	Better []int `json:"better"` // classes of higher recall
	Worse  []int `json:"worse"`
}

func newComparison(reports []*report.Report) *comparison {
	c := &comparison{Type: "comparison", Version: version, exam: examOf(reports), Entries: group(reports), Runs: reports}
	for _, e := range c.Entries[1:] {
		c.Against = append(c.Against, differ(e, c.Entries[0]))
	}
	c.Conclusion = append(c.conclude(), tested(reports)...)
	for _, r := range reports {
		if r.Weights != "" {
			c.Conclusion = append(c.Conclusion, r.Weights)
		}
	}
	return c
}

// group puts the runs that differ only in their seed into one entry.
func group(reports []*report.Report) (entries []*entry) {
	byKind := make(map[string]*entry)
	for _, r := range reports {
		kind := kindOf(r.Config())
		e, ok := byKind[kind]
		if !ok {
			e = &entry{Network: r.Network}
			byKind[kind] = e
			entries = append(entries, e)
		}
		e.reports = append(e.reports, r)
	}
	for _, e := range entries {
		e.compute()
		e.Name = e.name(entries)
	}
	return entries
}

// kindOf is all of a config but the seed, the threads, on which nothing depends,
// and the place of the data, whose sums have been compared.
func kindOf(c run.Config) string {
	c.Settings.Seed, c.Settings.Threads, c.Settings.Data = 0, 0, ""
	c.Settings.Preparation = c.Preparation() // which older runs do not say
	c.Data = run.Source{}
	text, err := json.Marshal(c)
	if err != nil {
		panic("compare: a config that was read cannot be written: " + err.Error())
	}
	return string(text)
}

// name is the network's, with the runs where it alone would not tell.
func (e *entry) name(entries []*entry) string {
	same := 0
	for _, other := range entries {
		if other.Network == e.Network {
			same++
		}
	}
	name := e.Network
	if same > 1 {
		name = e.Runs[0]
	}
	if len(e.Runs) > 1 {
		name += fmt.Sprintf(" (%d seeds)", len(e.Runs))
	}
	return name
}

// compute takes the means over the runs.
func (e *entry) compute() {
	n := float64(len(e.reports))
	e.Cost = e.reports[0].Cost
	e.Recall, e.F1 = make([]float64, len(e.reports[0].Classes)), make([]float64, len(e.reports[0].Classes))
	for _, r := range e.reports {
		e.Runs, e.Seeds = append(e.Runs, r.Run), append(e.Seeds, r.Seed)
		e.Errors += float64(r.Errors) / n
		e.Loss += r.Loss / progress.Float(n)
		for i, c := range r.Classes {
			e.Recall[i] += c.Recall / n
			e.F1[i] += c.F1 / n
		}
	}
	e.Accuracy = newSample(e.accuracies())
	e.Cost.Seconds = e.mean(func(c report.Cost) *float64 { return c.Seconds })
	e.Cost.MsPerStep = e.mean(func(c report.Cost) *float64 { return c.MsPerStep })
	e.Cost.FLOPs = e.mean(func(c report.Cost) *float64 { return c.FLOPs })
}

func (e *entry) accuracies() (all []float64) {
	for _, r := range e.reports {
		all = append(all, float64(r.Accuracy))
	}
	return all
}

// mean is unknown if one of the values is.
func (e *entry) mean(of func(report.Cost) *float64) *float64 {
	sum := 0.0
	for _, r := range e.reports {
		v := of(r.Cost)
		if v == nil {
			return nil
		}
		sum += *v / float64(len(e.reports))
	}
	return &sum
}

// difference holds e against the first entry.
func differ(e, first *entry) difference {
	d := difference{
		Name: e.Name, Accuracy: e.Accuracy.Mean - first.Accuracy.Mean,
		Params: float64(e.Cost.Params) / float64(first.Cost.Params), FLOPs: times(e.Cost.StepFLOPs, first.Cost.StepFLOPs),
		Step: times(e.Cost.MsPerStep, first.Cost.MsPerStep), Seconds: times(e.Cost.Seconds, first.Cost.Seconds),
		Better: []int{}, Worse: []int{},
	}
	for label := range e.Recall {
		const noise = 1e-9 // of means
		switch change := e.Recall[label] - first.Recall[label]; {
		case change > noise:
			d.Better = append(d.Better, label)
		case change < -noise:
			d.Worse = append(d.Worse, label)
		}
	}
	d.test(e, first)
	return d
}

// test chooses the test that the runs allow: of two runs, on the same images;
// of two groups, of their means.
func (d *difference) test(e, first *entry) {
	switch {
	case len(e.reports) == 1 && len(first.reports) == 1:
		this, that := onlyOne(e.reports[0].Right(), first.reports[0].Right())
		p := mcnemar(this, that)
		d.Test, d.P, d.OnlyThis, d.OnlyFirst = "McNemar, exact", &p, &this, &that
	case len(e.reports) > 1 && len(first.reports) > 1:
		p := welch(e.accuracies(), first.accuracies())
		d.Test, d.P = "Welch's t", &p
	}
}

// onlyOne counts the images that only a, and only b, gets right.
func onlyOne(a, b []bool) (onlyA, onlyB int) {
	for i := range a {
		switch {
		case a[i] && !b[i]:
			onlyA++
		case b[i] && !a[i]:
			onlyB++
		}
	}
	return onlyA, onlyB
}

func times(a, b *float64) *float64 {
	if a == nil || b == nil || *b <= 0 {
		return nil
	}
	v := *a / *b
	return &v
}
