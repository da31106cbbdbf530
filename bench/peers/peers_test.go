package main

import (
	"bytes"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"stheno/data"
	"stheno/nets"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		v    []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{4, 1}, 2.5}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.v); got != c.want {
			t.Errorf("median of %v is %v, expected %v", c.v, got, c.want)
		}
	}
}

// played is a match of two rounds: the peer takes 4/3 and then 3/2 of our time.
func played() *match {
	return &match{
		Peer: "torch", Version: "2.0", Setup: "NCHW memory, fused Adam", Threads: 2, Difference: 3e-7, Peak: 812e6,
		Rounds: []round{
			{Ours: []float64{0.003, 0.004, 0.003}, Theirs: []float64{0.004, 0.004, 0.005}},
			{Ours: []float64{0.002, 0.002, 0.003}, Theirs: []float64{0.003, 0.003, 0.0025}},
		},
	}
}

func TestRatios(t *testing.T) {
	best, middle, each := played().ratios()
	if math.Abs(best-2.5/2) > 1e-12 || math.Abs(middle-3.5/3) > 1e-12 {
		t.Errorf("ratios %v of the best and %v of the medians, expected 1.25 and 1.1667", best, middle)
	}
	if len(each) != 2 || math.Abs(each[0]-4.0/3) > 1e-12 || math.Abs(each[1]-3.0/2) > 1e-12 {
		t.Errorf("ratios %v of the rounds, expected 4/3 and 3/2", each)
	}
}

func TestTable(t *testing.T) {
	refused := &match{Peer: "jax", Version: "0.4", Setup: "jit", Threads: 2}
	_, err := compareLosses(answer{Losses: []float64{2.3}}, answer{Losses: []float64{2.4}})
	refused.fail(err)
	images := &match{Peer: "onnxruntime", Version: "1.2", Setup: "graph", Threads: 2, Rounds: played().Rounds}

	var b bytes.Buffer
	printTable(&b, "mlp: training step, batch 128, 2 rounds of 3", milliseconds, []*match{played(), refused})
	printTable(&b, "mlp: prediction of one image, 2 rounds of 3", microseconds, []*match{images})
	printTable(&b, "mlp: prediction, batch 256, 2 rounds of 3", imagesPerSecond(256), []*match{images})
	want, err := os.ReadFile("testdata/tables.golden")
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("the tables are\n%s\nexpected, as in testdata/tables.golden,\n%s", got, want)
	}
}

func TestCompare(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name         string
		ours, theirs []float64
		want         string
	}{
		{"equal", []float64{2.3, 2.1}, []float64{2.3, 2.1}, ""},
		{"close", []float64{2.3, 2.1}, []float64{2.3, 2.1001}, ""},
		{"another second step", []float64{2.3, 2.1}, []float64{2.3, 2.101}, "its loss of step 2 is 2.101, ours is 2.1"},
		{"not finite", []float64{2.3}, []float64{nan}, "does not train the same"},
		{"too few", []float64{2.3, 2.1}, []float64{2.3}, "1 losses instead of 2"},
	} {
		_, err := compareLosses(answer{Losses: c.ours}, answer{Losses: c.theirs})
		checkError(t, "losses, "+c.name, err, c.want)
	}
	for _, c := range []struct {
		name         string
		ours, theirs []float32
		want         string
	}{
		{"close", []float32{0.1, 0.9}, []float32{0.1005, 0.8995}, ""},
		{"another image", []float32{0.1, 0.9}, []float32{0.1, 0.8}, "its probability 1 is 0.8, ours is 0.9"},
		{"not finite", []float32{0.1}, []float32{float32(nan)}, "does not predict the same"},
		{"too few", []float32{0.1, 0.9}, nil, "0 probabilities instead of 2"},
	} {
		_, err := compareProbabilities(answer{Probabilities: c.ours}, answer{Probabilities: c.theirs})
		checkError(t, "probabilities, "+c.name, err, c.want)
	}
}

func checkError(t *testing.T, name string, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("%s: %v, expected %q", name, err, want)
	}
}

// TestUndropped: a network that drops nothing has the layers it had, under their names.
func TestUndropped(t *testing.T) {
	net := nets.Network{Name: "drops", Input: [3]int{2, 2, 1}}
	net.Then(nets.Flatten{})
	net.Then(nets.At{Layer: nets.Dropout{Rate: 0.5}, Name: "first"})
	x := net.Then(nets.Dropout{Rate: 0.25})
	net.Then(nets.At{Layer: nets.Dense{Units: 2}, After: []string{x}})
	before, err := net.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	got, err := undropped(net).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.NewBuffer(before).String()
	for _, rate := range []string{"0.5", "0.25"} {
		want = strings.Replace(want, `"rate":`+rate, `"rate":0`, 1)
	}
	if string(got) != want {
		t.Errorf("the network is\n%s\nexpected\n%s", got, want)
	}
	if again, err := net.MarshalJSON(); err != nil || !bytes.Equal(again, before) {
		t.Errorf("the network itself has been changed: %v\n%s", err, again)
	}
}

func TestPeak(t *testing.T) {
	for status, want := range map[string]int64{"Name:\tmlp\nVmHWM:\t   1500 kB\nVmRSS:\t 20 kB\n": 1500 * 1024, "Name:\tmlp\n": 0, "": 0} {
		if got, err := peakOf([]byte(status)); got != want || err != nil {
			t.Errorf("%q is %d bytes, %v; expected %d", status, got, err, want)
		}
	}
	if _, err := peakOf([]byte("VmHWM:\t7 pages\n")); err == nil {
		t.Error("pages were taken for kB")
	}
}

// TestFailedMatch is not played on, and keeps its reason.
func TestFailedMatch(t *testing.T) {
	calls := 0
	m := &match{
		ours:   func(n int) (answer, error) { calls++; return answer{Seconds: make([]float64, n)}, nil },
		theirs: func(int) (answer, error) { return answer{}, errors.New("it is gone") },
	}
	play([]*match{m}, 3, 5)
	if calls != 1 || m.err == nil || m.Error != "it is gone" || len(m.Rounds) != 0 {
		t.Errorf("%d turns, error %v, %d rounds; expected one turn, the peer's error and no round", calls, m.err, len(m.Rounds))
	}
}

func TestMissingPeersAreNoFailure(t *testing.T) {
	var out, log bytes.Buffer
	if code := run([]string{"-python", "/nowhere/python3,/neither/python3"}, &out, &log); code != exitOK {
		t.Fatalf("exit code %d, expected %d\n%s", code, exitOK, &log)
	}
	for name, install := range installs {
		line := "missing: " + name + ": /nowhere/python3: "
		if n := strings.Count(out.String(), line); n != 1 || !strings.Contains(out.String(), install) {
			t.Errorf("%d lines begin with %q, expected one, with %q\n%s", n, line, install, &out)
		}
	}
	if strings.Contains(out.String(), "peer's time") {
		t.Errorf("a table without peers\n%s", &out)
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-net rnn", "there are only " + strings.Join(nets.NetworkNames(), ", ")},
		{"-peers theano", "there are only jax, keras, onnxruntime, torch"},
		{"-pairs 0", "at least 1"},
		{"mlp", `"mlp" is no flag`},
		{"-depth 3", "not defined"},
	} {
		var out, log bytes.Buffer
		if code := run(strings.Fields(c.args), &out, &log); code != exitUsage || !strings.Contains(log.String(), c.want) || out.Len() > 0 {
			t.Errorf("%s: exit code %d, %q, expected %d and %q", c.args, code, log.String(), exitUsage, c.want)
		}
	}
}

func TestEveryPeerHasAScript(t *testing.T) {
	for name := range installs {
		if _, err := scripts.ReadFile("python/" + name + "_peer.py"); err != nil {
			t.Error(err)
		}
	}
}

// TestOurSide takes each kind of turn once.
func TestOurSide(t *testing.T) {
	set, err := data.Open("")
	if err != nil {
		t.Fatal(err)
	}
	s := &session{set: set}
	net := nets.MLP(set.Train.Shape(), set.Classes)
	for _, task := range tasks(settings{batch: 16, predict: true}) {
		ours, stop, err := s.ours(task, net)
		if err != nil {
			t.Fatal(err)
		}
		a, err := ours(3)
		stop()
		if err != nil || len(a.Seconds) != 3 {
			t.Fatalf("%s: %d times of 3 steps: %v", task.title, len(a.Seconds), err)
		}
		if task.name == "train" && (len(a.Losses) != 3 || a.Losses[0] == a.Losses[2]) {
			t.Errorf("%s: losses %v, expected three that differ", task.title, a.Losses)
		}
		if task.name == "predict" && len(a.Probabilities) != task.batch*set.Classes {
			t.Errorf("%s: %d probabilities", task.title, len(a.Probabilities))
		}
	}
}

func TestWholeBatches(t *testing.T) {
	set := &data.Set{Pixels: make([]uint8, 10*4), Labels: make([]uint8, 10), Height: 2, Width: 2, Channels: 1}
	whole, err := wholeBatches(set, 4)
	if err != nil || whole.Len() != 8 || len(whole.Pixels) != 32 {
		t.Errorf("%v, %v; expected 8 of 10 rows", whole, err)
	}
	if _, err := wholeBatches(set, 11); err == nil {
		t.Error("a batch of 11 of 10 rows, expected an error")
	}
}

func TestSteal(t *testing.T) {
	if got := (ticks{all: 1000, stolen: 10}).steal(ticks{all: 1400, stolen: 20}); got != "2.5 % of the run" {
		t.Errorf("steal %q, expected 2.5 %% of the run", got)
	}
	if got := (ticks{}).steal(ticks{}); got != "unknown" {
		t.Errorf("steal %q, expected unknown", got)
	}
}

func TestEnvironment(t *testing.T) {
	got := environment([]string{"HOME=/", "OPENBLAS_CORETYPE=Haswell", "TF_CLI=x", "XLA_FLAGS=y"})
	if strings.Join(got, " ") != "OPENBLAS_CORETYPE=Haswell XLA_FLAGS=y" {
		t.Errorf("%q, expected the variables that peers heed", got)
	}
}
