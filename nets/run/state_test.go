package run_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/safetensors"
	"stheno/nets/train"
)

// sorts are runs of each sort that a state can be of.
func sorts() map[string]recipe {
	double := mlpRecipe
	double.dtype = tensor.Float64
	sgd, plain, rms := mlpRecipe, mlpRecipe, double
	frozen := convRecipe
	frozen.net.Frozen = []string{"conv2d", "dense"}
	sgd.optimizer = func() train.Optimizer { return &train.SGD{Momentum: 0.9, Nesterov: true, WeightDecay: 0.01} }
	plain.optimizer = func() train.Optimizer { return &train.SGD{} }
	rms.optimizer = func() train.Optimizer { return &train.RMSprop{Momentum: 0.5, Centered: true} }
	return map[string]recipe{"mlp": mlpRecipe, "conv": convRecipe, "float64": double, "frozen": frozen, "sgd": sgd, "plain sgd": plain, "rmsprop": rms}
}

// TestWrittenAgainIsTheSame, of a state before the first step and of one in
// mid-epoch.
func TestWrittenAgainIsTheSame(t *testing.T) {
	for name, r := range sorts() {
		p := begin(t, r)
		for _, step := range []int{0, 19} {
			if step > 0 {
				p.until(t, step)
			}
			if content := p.file(t); !bytes.Equal(rewritten(t, content), content) {
				t.Errorf("%s: step %d, read and written again, is something else", name, step)
			}
		}
	}
}

// TestRestoredPartsKnowWhatTheOthersKnew: what they would save is, byte for
// byte, what they were restored from, and so are their parts.
func TestRestoredPartsKnowWhatTheOthersKnew(t *testing.T) {
	for name, r := range sorts() {
		t.Run(name, func(t *testing.T) {
			first := begin(t, r)
			if first.adam != nil {
				first.adam.Beta1, first.adam.Epsilon = 0.8, 1e-6
			}
			schedule := each{Batch: func(s *train.Stats) error {
				if s.Step == 20 {
					first.opt.SetLearningRate(0.02)
				}
				if s.Step == 35 {
					return &train.Stop{Reason: "enough"}
				}
				return nil
			}}
			if stats, err := first.fit(t.Context(), schedule); err != nil || stats.Stopped != "enough" {
				t.Fatalf("stopped by %q, error %v", stats.Stopped, err)
			}
			second := resume(t, r, first.folder)
			second.checkpoint.Config = first.checkpoint.Config
			s, err := second.checkpoint.Copy(second.from)
			if err != nil {
				t.Fatal(err)
			}
			var again bytes.Buffer
			if err := s.Write(&again); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(again.Bytes(), first.file(t)) {
				t.Error("saved, restored and saved again is something else")
			}
			first.remains(t).same(t, second.remains(t))
			if at := second.from; second.opt.LearningRate() != 0.02 || at.Step != 35 || at.Stopped != "enough" || !at.Done(r.epochs, 0) {
				t.Errorf("rate %v, at %+v", second.opt.LearningRate(), at)
			}
		})
	}
}

// TestRestoreRefuses states that are whole but not those of the parts. Nothing
// may get through that would end in a panic in the next step.
func TestRestoreRefuses(t *testing.T) {
	const m = "optimizer/m.dense.kernel"
	f32 := func(name string, shape ...int) safetensors.Tensor {
		return safetensors.Tensor{Name: name, DType: "F32", Shape: shape, Data: make([]byte, 4*tensor.Shape(shape).TotalSize())}
	}
	swap := func(name string, other safetensors.Tensor) func(*run.State) {
		return func(s *run.State) { s.Swap(name, other) }
	}
	add := func(t safetensors.Tensor) func(*run.State) { return func(s *run.State) { s.Add(t) } }
	both := func(a, b func(*run.State)) func(*run.State) { return func(s *run.State) { a(s); b(s) } }
	values := func(change func(optimizer *string, noise *[]byte, callbacks map[string]json.RawMessage)) func(*run.State) {
		return func(s *run.State) {
			optimizer, noise, callbacks := s.Values()
			change(&optimizer, &noise, callbacks)
			s.Set(optimizer, noise, callbacks)
		}
	}
	for _, c := range []struct {
		name   string
		change func(*run.State)
		want   string
	}{
		{"a weight of another shape", swap("dense.kernel", f32("dense.kernel", 8, 12)), `"dense.kernel" has shape`},
		{"a weight without a name that fits", swap("dense.kernel", f32("dense.other", 12, 8)), `"dense.kernel" is missing`},
		{"a moment of another shape", both(swap(m, f32(m, 8, 12)), swap("optimizer/v.dense.kernel", f32("optimizer/v.dense.kernel", 8, 12))), `Adam's m.dense.kernel is float32 (8, 12), the weight is float32 (12, 8)`},
		{"moments that do not pair up", swap(m, f32(m, 8, 12)), `Adam's state has v of dense.kernel with shape (12, 8)`},
		{"moments of a weight that there is not", both(swap(m, f32("optimizer/m.other", 12, 8)), swap("optimizer/v.dense.kernel", f32("optimizer/v.other", 12, 8))), `knows no weight dense.kernel`},
		{"a moment of another type", swap(m, safetensors.Tensor{Name: m, DType: "F64", Shape: []int{12, 8}, Data: make([]byte, 8*12*8)}), `Adam's state has v of dense.kernel with shape (12, 8) and type float32, and m with (12, 8) and float64`},
		{"a moment that is bytes", swap(m, safetensors.Tensor{Name: m, DType: "U8", Shape: []int{12, 8}, Data: make([]byte, 12*8)}), `tensor "m.dense.kernel" has element type U8`},
		{"a moment without elements", swap(m, f32(m, 0, 8)), `"m.dense.kernel" has shape [0 8], and no element`},
		{"a moment that is one number", swap(m, f32(m)), `m with () and float32`},
		{"a moment too many", add(f32("optimizer/m.other", 3)), `has no tensor "v.other"`},
		{"a callback's tensor that is bytes", add(safetensors.Tensor{Name: "callback/History/x", DType: "U8", Shape: []int{3}, Data: make([]byte, 3)}), `callback History: tensor "x" has element type U8`},
		{"a tensor of no callback", add(f32("callback/Nobody/x", 3)), "Nobody"},
		{"another optimizer", values(func(o *string, _ *[]byte, _ map[string]json.RawMessage) { *o = "SGD" }), `is of the optimizer "SGD", this run trains with Adam`},
		{"no noise", values(func(_ *string, n *[]byte, _ map[string]json.RawMessage) { *n = nil }), "the source of dropout"},
		{"an unknown callback", values(func(_ *string, _ *[]byte, c map[string]json.RawMessage) { c["Nobody"] = []byte("1") }), "a callback Nobody"},
		{"a callback less", values(func(_ *string, _ *[]byte, c map[string]json.RawMessage) { delete(c, "History") }), "nothing of the callback History"},
		{"a callback's state of another form", values(func(_ *string, _ *[]byte, c map[string]json.RawMessage) { c["History"] = []byte(`{"a":1}`) }), "state of History"},
		{"a log of a negative size", values(func(_ *string, _ *[]byte, c map[string]json.RawMessage) { c["StepLog"] = []byte(`{"bytes":-1}`) }), "state of StepLog"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := begin(t, mlpRecipe)
			p.until(t, 5)
			s, _, err := p.folder.LoadState()
			if err != nil {
				t.Fatal(err)
			}
			c.change(s)
			err = s.Restore(newTrial(t, mlpRecipe, 1).checkpoint.Parts)
			if err == nil || !strings.HasPrefix(err.Error(), "run: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestACheckpointIsAWeightFile for any reader of safetensors: the model's
// weights under their names, and all else under names that no layer has.
func TestACheckpointIsAWeightFile(t *testing.T) {
	p := begin(t, mlpRecipe)
	p.until(t, 5)
	s, _, err := p.folder.LoadState()
	if err != nil {
		t.Fatal(err)
	}
	var weights []string
	for _, name := range s.Tensors() {
		if !strings.Contains(name, "/") {
			weights = append(weights, name)
		}
	}
	var want []string
	for _, w := range p.model.Weights {
		want = append(want, w.Name)
	}
	if !slices.Equal(weights, want) {
		t.Errorf("weights %v, want %v", weights, want)
	}
	if err := newModel(t, toyConv, tensor.Float32).ReadWeights(p.folder.Generation(5)); err == nil {
		t.Error("another network takes the weights")
	}
}

// TestACheckpointOfTheTrained has nothing of an optimizer's for frozen weights.
func TestACheckpointOfTheTrained(t *testing.T) {
	p := begin(t, sorts()["frozen"])
	p.until(t, 5)
	s, _, err := p.folder.LoadState()
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, name := range s.Tensors() {
		if slot, ok := strings.CutPrefix(name, "optimizer/"); ok {
			got = append(got, slot)
		}
	}
	for _, name := range []string{"conv2d_1.bias", "conv2d_1.kernel", "dense_1.bias", "dense_1.kernel"} {
		want = append(want, "m."+name, "v."+name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("Adam keeps %v, want %v", got, want)
	}
	whole := newTrial(t, convRecipe, 1)
	if err := s.Restore(whole.checkpoint.Parts); err == nil || !strings.Contains(err.Error(), "knows no weight conv2d.kernel") {
		t.Errorf("a run of all layers goes on with it: %v", err)
	}
}

// TestAZeroRateStaysOne: a schedule may end at 0, which is no default behind a
// checkpoint.
func TestAZeroRateStaysOne(t *testing.T) {
	r := begin(t, mlpRecipe)
	r.adam.SetLearningRate(0)
	s, err := r.checkpoint.Copy(train.Position{})
	if err != nil {
		t.Fatal(err)
	}
	fresh := &train.Adam{}
	r.checkpoint.Parts.Optimizer = fresh
	if err := s.Restore(r.checkpoint.Parts); err != nil || fresh.LearningRate() != 0 {
		t.Errorf("restored to rate %v, want 0: %v", fresh.LearningRate(), err)
	}
}

// holds is an optimizer that keeps a tensor of its own.
type holds struct {
	*train.SGD
	*tensor.Dense
}

func (h holds) State() train.OptimizerState {
	return train.OptimizerState{Name: "Holds", Tensors: []nets.Weight{{Name: "times", Value: h.Dense}}}
}

// TestTensorsThatCannotBeSaved are refused before the first step.
func TestTensorsThatCannotBeSaved(t *testing.T) {
	for want, value := range map[string]*tensor.Dense{
		`the state of the optimizer "Holds": its tensor "times" is nil`:         nil,
		`the state of the optimizer "Holds": its tensor "times" is of int: mak`: tensor.New(tensor.Of(tensor.Int), tensor.WithShape(2)),
	} {
		c := run.Checkpoint{Parts: run.Parts{Model: newModel(t, toy, tensor.Float32), Optimizer: holds{train.NewSGD(0.1), value}}}
		if err := c.Begin(run.Folder(t.TempDir())); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %s, got %v", want, err)
		}
	}
}
