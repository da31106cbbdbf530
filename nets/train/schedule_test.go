package train_test

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/train"
)

// TestSchedules: OneCycle's rates are those of PyTorch 1.13,
//
//	p = torch.nn.Parameter(torch.zeros(1)); o = torch.optim.SGD([p], lr=0.1, momentum=0.9)
//	s = torch.optim.lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=T)
//	for i in range(T): print(o.param_groups[0]['lr']); o.step(); i < T - 1 and s.step()
//
// the others are worked out by hand.
func TestSchedules(t *testing.T) {
	root := math.Sqrt(0.5)
	for _, c := range []struct {
		name string
		s    train.Schedule
		want []float64
	}{
		{"constant", train.Constant(0.25), []float64{0.25, 0.25, 0.25}},
		{"step", train.StepDecay(8, 0.5, 2), []float64{8, 8, 4, 4, 2, 2, 1}},
		{"cosine", train.Cosine(2, 0, 4), []float64{2, 1 + root, 1, 1 - root, 0, 0, 0}},
		{"cosine with a floor", train.Cosine(3, 1, 4), []float64{3, 2 + root, 2, 2 - root, 1, 1, 1}},
		{"cosine of a step", train.Cosine(3, 1, 1), []float64{3, 1}},
		{"onecycle of 10", train.OneCycle(0.1, 10), []float64{0.0040000000000000036, 0.052000000000000005, 0.1, 0.09504846320134738, 0.0811745653949763,
			0.06112620219362893, 0.03887419780637107, 0.0188258346050237, 0.004951936798652629, 4e-07, 4e-07}},
		{"onecycle of 7", train.OneCycle(0.1, 7), []float64{0.0040000000000000036, 0.09805566273349588, 0.09190443762697106, 0.06726838364805451,
			0.035773877573965704, 0.00992967918932656, 4e-07}},
		{"onecycle of 3", train.OneCycle(0.1, 3), []float64{0.09944154354509119, 0.046263710266697504, 4e-07}},
		{"onecycle of a step", train.OneCycle(0.1, 1), []float64{4e-07, 4e-07}},
		{"warm-up", train.WarmUp(3, train.Constant(8)), []float64{2, 4, 6, 8, 8}},
		{"warm-up does not delay", train.WarmUp(1, train.StepDecay(8, 0.5, 2)), []float64{4, 8, 4, 4, 2}},
	} {
		for step, want := range c.want {
			if got := c.s(step); math.Abs(got-want) > 1e-15*8 {
				t.Errorf("%s, step %d: %v, want %v", c.name, step, got, want)
			}
		}
	}
}

func TestParseSchedule(t *testing.T) {
	const perEpoch, total = 4, 40
	for text, want := range map[string]train.Schedule{
		"":                        train.Constant(2),
		"constant":                train.Constant(2),
		"step":                    train.StepDecay(2, 0.1, 20),
		"step:0.5/3":              train.StepDecay(2, 0.5, 12),
		"cosine":                  train.Cosine(2, 0, 40),
		"cosine:0.25":             train.Cosine(2, 0.5, 40),
		"onecycle":                train.OneCycle(2, 40),
		"warmup:5,constant":       train.WarmUp(5, train.Constant(2)),
		"warmup:100,cosine":       train.WarmUp(100, train.Cosine(2, 0, 40)),
		"warmup:2,step:1e-1/2":    train.WarmUp(2, train.StepDecay(2, 0.1, 8)),
		"warmup:2,cosine:0.00001": train.WarmUp(2, train.Cosine(2, 2e-5, 40)),
	} {
		got, err := train.ParseSchedule(text, 2, perEpoch, total)
		if err != nil {
			t.Error(err)
			continue
		}
		for step := range total + 5 {
			if math.Abs(got(step)-want(step)) > 1e-15 {
				t.Errorf("%q, step %d: %v, want %v", text, step, got(step), want(step))
				break
			}
		}
		if got := train.SchedulePlansLength(text); got != (strings.Contains(text, "cosine") || strings.Contains(text, "onecycle")) {
			t.Errorf("%q depends on the length: %v", text, got)
		}
	}
	for _, text := range []string{"linear", "Cosine", " cosine", "constant:1", "step:", "step:0.1", "step:0.1/", "step:/5", "step:0.1/0", "step:0.1/-1",
		"step:0.1/1.5", "step:1/5", "step:0/5", "step:NaN/5", "step:0.1/5/5", "step:0.1/99999999999", "cosine:", "cosine:-0.1", "cosine:1.1", "cosine:NaN", "cosine:0.1/5",
		"onecycle:", "onecycle:0.3", "warmup", "warmup:", "warmup:5", "warmup:5,", "warmup:,cosine", "warmup:0,cosine", "warmup:-5,cosine", "warmup:x,cosine",
		"warmup:5,warmup:5,cosine", "cosine,warmup:5"} {
		_, err := train.ParseSchedule(text, 2, perEpoch, total)
		if err == nil || !strings.Contains(err.Error(), "schedule \""+text+"\"") || !strings.HasSuffix(err.Error(), train.ScheduleForms) {
			t.Errorf("%q: error %v", text, err)
		}
	}
	for _, base := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := train.ParseSchedule("constant", base, perEpoch, total); err == nil {
			t.Errorf("rate %v is taken", base)
		}
	}
	for _, steps := range [][2]int{{0, 40}, {4, 0}, {-4, 40}} {
		if _, err := train.ParseSchedule("constant", 1, steps[0], steps[1]); err == nil {
			t.Errorf("%d steps an epoch, %d in all are taken", steps[0], steps[1])
		}
	}
}

// TestScheduleSetsEachStep: the rate that a step is done with is the schedule's
// for the steps before it.
func TestScheduleSetsEachStep(t *testing.T) {
	m, adam := newModel(t, toy, tensor.Float32), train.NewAdam(1)
	s := train.OneCycle(0.01, 6)
	seen := 0
	note := each{Batch: func(stats *train.Stats) error {
		if seen++; stats.LearningRate != s(stats.Step-1) {
			t.Errorf("step %d has rate %v, want %v", stats.Step, stats.LearningRate, s(stats.Step-1))
		}
		return nil
	}}
	plan := train.Plan{Epochs: 2, Batch: 4, Callbacks: []train.Callback{train.LearningRateSchedule{Optimizer: adam, Schedule: s}, note}}
	if _, err := train.Fit(t.Context(), m, images(10, toy.Input, 3), adam, plan); err != nil || seen != 6 {
		t.Errorf("%d steps, %v", seen, err)
	}
	for _, c := range []train.LearningRateSchedule{{}, {Optimizer: adam}, {Schedule: s}} {
		if err := c.TrainBegin(&train.Stats{}); err == nil || !strings.Contains(err.Error(), "no Optimizer or no Schedule") {
			t.Errorf("error %v", err)
		}
	}
}

func TestScheduleGoesOn(t *testing.T) {
	for _, text := range []string{"step:0.5/1", "warmup:4,cosine:0.1", "onecycle"} {
		checkResume(t, func(_ *nets.Model, adam *train.Adam) []train.Callback {
			s, err := train.ParseSchedule(text, 0.01, 3, 18)
			if err != nil {
				t.Fatal(err)
			}
			return []train.Callback{train.LearningRateSchedule{Optimizer: adam, Schedule: s}}
		}, nil)
	}
}
