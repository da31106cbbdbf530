package progress

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stheno/nets/train"
)

func TestJSONGolden(t *testing.T) {
	for name, validated := range map[string]bool{"json": false, "json-val": true} {
		var out bytes.Buffer
		j := &JSON{Events: &Events{Out: &out}}
		short(validated).play(t, j)
		check(t, j.Close())
		golden(t, name, out.String())
	}
}

func TestJSONRoundTrip(t *testing.T) {
	val := Float(0.1)
	same := cmp.Comparer(func(a, b Float) bool { return a == b || a != a && b != b })
	for _, want := range []Epoch{
		{Type: "epoch", Epoch: 1, Epochs: 2, Steps: 469, Loss: 1.0 / 3, Accuracy: 5e-324, LearningRate: 1e-3, Seconds: 1e21, MsPerStep: 11},
		{Type: "epoch", Loss: Float(math.NaN()), ValLoss: &val, ValAccuracy: &val},
	} {
		var out bytes.Buffer
		check(t, (&Events{Out: &out}).Emit(want))
		if n := strings.Count(out.String(), "\n"); n != 1 || !strings.HasSuffix(out.String(), "\n") {
			t.Errorf("%q is not one line", out.String())
		}
		var got Epoch
		check(t, json.Unmarshal(out.Bytes(), &got))
		if diff := cmp.Diff(want, got, same); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestJSONHoldsADivergedLoss(t *testing.T) {
	var out bytes.Buffer
	j := &JSON{Events: &Events{Out: &out}}
	check(t, j.EpochEnd(&train.Stats{Epoch: 1, Epochs: 1, Loss: math.Inf(1), ValLoss: math.NaN(), Validated: true}))
	check(t, j.Close())
	for _, want := range []string{`"loss":null`, `"val_loss":null`, `"val_accuracy":0`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s lacks %s", out.String(), want)
		}
	}
}

// The command's own objects go the same way, and one that cannot be encoded
// leaves no trace in the stream.
func TestEmit(t *testing.T) {
	var out bytes.Buffer
	e := &Events{Out: &out}
	if err := e.Emit(math.NaN()); err == nil {
		t.Error("Emit(NaN) succeeded")
	}
	check(t, e.Emit(struct {
		Type    string `json:"type"`
		Version int    `json:"version"`
		Out     string `json:"out"`
	}{"run_start", 1, "runs/<a&b>"}))
	if got, want := out.String(), `{"type":"run_start","version":1,"out":"runs/<a&b>"}`+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
