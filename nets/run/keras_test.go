package run_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gorgonia.org/tensor"

	"stheno/nets/pythontest"
	"stheno/nets/run"
	"stheno/nets/train"
	"stheno/nets/train/traintest"
)

// series is a metric over epochs, and a callback of Keras that looks at it.
type series struct {
	Callback string         `json:"callback"`
	Settings map[string]any `json:"settings"` // by Keras's names
	Metric   string         `json:"metric"`
	Values   []*float64     `json:"values"` // nil is NaN
}

// verdict is what a callback made of it. What it has nothing to do with is zero.
type verdict struct {
	Stopped int       `json:"stopped"` // after this epoch; 0 is never
	Best    int       `json:"best"`    // epoch
	Wait    int       `json:"wait"`
	Rates   []float64 `json:"rates"` // after each epoch
	Saved   []int     `json:"saved"` // epochs
}

// random is a series of the kind that training makes: falling and level, in steps
// that the deltas are multiples of, so that most comparisons are close to a tie.
func random(rng *rand.Rand, callback string) series {
	s := series{Callback: callback, Settings: map[string]any{}}
	s.Metric = []string{"loss", "accuracy", "val_loss", "val_accuracy"}[rng.IntN(4)]
	set := func(name string, values ...any) {
		if v := values[rng.IntN(len(values))]; v != nil {
			s.Settings[name] = v
		}
	}
	set("mode", nil, nil, "auto", "min", "max")
	switch callback {
	case "EarlyStopping":
		set("min_delta", nil, 0.1, 0.05, 0.01, -0.1, 1e-4)
		set("patience", nil, 1, 2, 3)
		set("baseline", nil, nil, nil, 0.5, 0.7)
		set("start_from_epoch", nil, nil, 1, 3)
	case "ReduceLROnPlateau":
		set("min_delta", nil, 0.1, 0.05, 0.01, 1e-7)
		set("patience", 1, 2, 3)
		set("factor", nil, 0.5, 0.25)
		set("cooldown", nil, 1, 2, 3)
		set("min_lr", nil, 0.01, 0.1, 0.125, 0.3)
	case "ModelCheckpoint":
		set("initial_value_threshold", nil, nil, 0.5, 0.7)
	}
	unit, v := []float64{0.1, 0.05, 0.01, 1e-4, 1e-8}[rng.IntN(5)], 10
	for range 6 + rng.IntN(5) {
		v += rng.IntN(4) - 2
		value := 0.7 + float64(v-10)*unit
		if rng.IntN(2) == 0 {
			value = float64(float32(value)) // what a Keras metric is
		}
		s.Values = append(s.Values, &value)
		if rng.IntN(12) == 0 {
			s.Values[len(s.Values)-1] = nil
		}
	}
	return s
}

// setting is one of Keras's settings, or zero.
func setting[T any](s series, name string) T {
	v, _ := s.Settings[name].(T)
	return v
}

// reference is a setting that may be absent.
func reference(s series, name string) *float64 {
	if v, ok := s.Settings[name].(float64); ok {
		return &v
	}
	return nil
}

// forKeras is the series that Keras is shown, changed where we depart from it on
// purpose: its cooldown is one more, and it is spared the values of NaN that come
// first, the number of which is the second result.
func (s series) forKeras() (series, int) {
	k := s
	k.Settings = maps.Clone(s.Settings)
	if n := setting[int](s, "cooldown"); n > 0 {
		k.Settings["cooldown"] = n + 1
	}
	if s.Callback == "ModelCheckpoint" {
		k.Settings["filepath"], k.Settings["save_best_only"], k.Settings["save_weights_only"] = "{epoch}.weights.h5", true, true
	}
	first := setting[int](s, "start_from_epoch")
	nans := 0
	for first+nans < len(s.Values) && s.Values[first+nans] == nil {
		nans++
	}
	k.Values = slices.Delete(slices.Clone(s.Values), first, first+nans)
	return k, nans
}

// comparable says whether so many values of NaN that come first change nothing of
// what comes behind: they neither use up the patience nor a baseline's.
func (s series) comparable(nans int) bool {
	return nans == 0 || s.Callback == "ModelCheckpoint" || reference(s, "baseline") == nil && nans < setting[int](s, "patience")
}

// behind is the verdict of the series that had so many more values.
func (v verdict) behind(nans int) verdict {
	if v.Stopped > 0 {
		v.Stopped += nans
	}
	if v.Best > 0 {
		v.Best += nans
	}
	if v.Rates != nil {
		v.Rates = slices.Concat(slices.Repeat([]float64{1}, nans), v.Rates)
	}
	for i := range v.Saved {
		v.Saved[i] += nans
	}
	return v
}

// askKeras shows Keras's callbacks all series.
func askKeras(t *testing.T, python string, all []series) []verdict {
	t.Helper()
	var in, out, said bytes.Buffer
	lines := json.NewEncoder(&in)
	for _, s := range all {
		if err := lines.Encode(s); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python, filepath.Join("testdata", "keras_callbacks.py"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("Keras: %v: %s", err, said.String())
	}
	verdicts := make([]verdict, len(all))
	for i, d := 0, json.NewDecoder(&out); i < len(all); i++ {
		if err := d.Decode(&verdicts[i]); err != nil {
			t.Fatalf("Keras's verdict %d: %v", i, err)
		}
	}
	return verdicts
}

// ours is the verdict of this package's callback.
func ours(t *testing.T, s series) (got verdict) {
	t.Helper()
	values := make([]float64, len(s.Values))
	for i, v := range s.Values {
		values[i] = math.NaN()
		if v != nil {
			values[i] = *v
		}
	}
	mode, delta, patience := setting[string](s, "mode"), setting[float64](s, "min_delta"), setting[int](s, "patience")
	var state struct{ Epoch, Wait int }
	switch s.Callback {
	case "EarlyStopping":
		e := &train.EarlyStopping{Monitor: s.Metric, Mode: mode, MinDelta: delta, Patience: patience,
			Baseline: reference(s, "baseline"), StartFromEpoch: setting[int](s, "start_from_epoch"), KeepLast: true}
		var err error
		got.Stopped, err = traintest.Drive(t, e, s.Metric, values...)
		if stop := (*train.Stop)(nil); err != nil && !errors.As(err, &stop) {
			t.Fatal(err)
		}
		stateOf(t, e, &state)
	case "ReduceLROnPlateau":
		r := &train.ReduceLROnPlateau{Optimizer: train.NewAdam(1), Monitor: s.Metric, Mode: mode, MinDelta: delta, Patience: patience,
			Factor: setting[float64](s, "factor"), Cooldown: setting[int](s, "cooldown"), MinLR: setting[float64](s, "min_lr")}
		got.Rates = traintest.Rates(t, r, s.Metric, values)
		stateOf(t, r, &state)
	case "ModelCheckpoint":
		c := &run.ModelCheckpoint{Model: newModel(t, toy, tensor.Float32), Path: filepath.Join(t.TempDir(), "{epoch}"),
			BestOnly: true, Monitor: s.Metric, Mode: mode, Threshold: reference(s, "initial_value_threshold")}
		if _, err := traintest.Drive(t, c, s.Metric, values...); err != nil {
			t.Fatal(err)
		}
		for i := range values {
			if _, err := os.Stat(strings.Replace(c.Path, "{epoch}", fmt.Sprint(i+1), 1)); err == nil {
				got.Saved = append(got.Saved, i+1)
			}
		}
	}
	got.Best, got.Wait = state.Epoch, state.Wait
	return got
}

// stateOf reads what a callback remembers.
func stateOf(t *testing.T, c train.Stateful, v any) {
	t.Helper()
	state, err := c.State()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(state.Values, v); err != nil {
		t.Fatal(err)
	}
}

// TestCallbacksAreKeras shows the callbacks of Keras and ours the same series,
// among them many ties and values of NaN.
func TestCallbacksAreKeras(t *testing.T) {
	python := pythontest.Need(t, "keras", "tensorflow")
	t.Parallel()
	rng := rand.New(rand.NewPCG(8, 0))
	var all, shown []series
	var spared []int
	for i := 0; len(all) < 930; i++ {
		callback := []string{"EarlyStopping", "ReduceLROnPlateau"}[i%2]
		if i%10 == 0 { // few, as it writes files
			callback = "ModelCheckpoint"
		}
		s := random(rng, callback)
		if k, nans := s.forKeras(); s.comparable(nans) {
			all, shown, spared = append(all, s), append(shown, k), append(spared, nans)
		}
	}
	for i, want := range askKeras(t, python, shown) {
		want, got := want.behind(spared[i]), ours(t, all[i])
		if d := cmp.Diff(want, got, cmpopts.EquateApprox(1e-6, 0), cmpopts.EquateEmpty()); d != "" {
			text, _ := json.Marshal(all[i])
			t.Errorf("%s (-Keras +ours):\n%s", text, d)
		}
	}
}
