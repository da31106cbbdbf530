package graph_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// heard is what Build says while f runs. Tests that hear are not parallel: the
// warnings are the process's.
func heard(f func()) (texts []string) {
	graph.SetWarn(func(text string) { texts = append(texts, text) })
	defer graph.SetWarn(nil)
	f()
	return texts
}

func build(t *testing.T, f func(g *gorgonia.ExprGraph) error, phase ...graph.Phase) {
	t.Helper()
	_, err := graph.Build(f, phase...)
	no(t, err)
}

// TestWarningsAreSaidOnce for each kind of trap, however many graphs have it, with the
// node, its shape and the way round in one line; none where nobody listens; and again
// to who listens next.
func TestWarningsAreSaidOnce(t *testing.T) {
	trapped := func() {
		for range 2 {
			build(t, valueOf(softMax(), 2, 3))
			build(t, valueOf(dropout(0.1), 4, 5))
			build(t, valueOf(softMax(), 7, 3))
		}
	}
	for range 2 {
		got := heard(trapped)
		if len(got) != 2 || !strings.HasPrefix(got[0], "graph: Softmax{-1, false}() of shape (2, 3): ") || !strings.Contains(got[1], "of shape (4, 5)") {
			t.Fatalf("%d warnings, want one of SoftMax and one of Dropout: %q", len(got), got)
		}
		for _, text := range got {
			if strings.Contains(text, "\n") || !strings.Contains(text, "use graph.Fused.") || !strings.Contains(text, "graph.SetWarn") {
				t.Errorf("%q", text)
			}
		}
		trapped() // to nobody
	}
}

// TestWarnersMayDoWhatTheyLike: ask for silence, or come from several goroutines.
func TestWarnersMayDoWhatTheyLike(t *testing.T) {
	defer graph.SetWarn(nil)
	said := 0
	graph.SetWarn(func(string) { said++; graph.SetWarn(nil) })
	build(t, valueOf(softMax(), 2, 3))
	if said != 1 {
		t.Errorf("%d warnings, want 1", said)
	}
	var team sync.WaitGroup
	for range 4 {
		team.Go(func() {
			graph.SetWarn(func(string) {})
			if _, err := graph.Build(valueOf(softMax(), 2, 3)); err != nil {
				t.Error(err)
			}
		})
	}
	team.Wait()
}

// TestWarningsGoToTheLog until somebody else listens. It is another process's: in this
// one somebody has.
func TestWarningsGoToTheLog(t *testing.T) {
	const child = "STHENO_TEST_WARN"
	if os.Getenv(child) != "" {
		build(t, valueOf(softMax(), 2, 3))
		build(t, valueOf(softMax(), 2, 3))
		return
	}
	var stderr bytes.Buffer
	again := exec.Command(os.Args[0], "-test.run=^TestWarningsGoToTheLog$")
	again.Env, again.Stderr = append(os.Environ(), child+"=1"), &stderr
	no(t, again.Run())
	if text := stderr.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, " graph: Softmax{-1, false}() of shape (2, 3): ") {
		t.Errorf("standard error is %q", text)
	}
}

// TestNoWarningWithoutATrap: of none of this package's ops and their gradients, and of
// Gorgonia's where they are right.
func TestNoWarningWithoutATrap(t *testing.T) {
	got := heard(func() {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			for _, phase := range []graph.Phase{graph.AsSet, graph.Training, graph.Evaluation} {
				build(t, func(g *gorgonia.ExprGraph) error { return fusedNetwork(g, dt) }, phase)
			}
		}
		build(t, func(g *gorgonia.ExprGraph) error {
			for name, apply := range everyOp(g, tensor.Float32, tensor.Float32, tensor.Int) {
				if strings.HasPrefix(name, "stock") {
					continue
				}
				if err := apply(); err != nil {
					return err
				}
			}
			return nil
		})
		build(t, valueOf(softMax(), 1, 3))
		build(t, valueOf(softMax(), 3))
		build(t, valueOf(softMax(), 3, 1))
		build(t, valueOf(dropout(0.5), 2, 3), graph.Evaluation)
		build(t, valueOf(dropout(0), 2, 3), graph.Training)
		build(t, func(g *gorgonia.ExprGraph) error {
			_, err := addNorm(graph.NewInput(g, tensor.Float64, "x", 4, 1), 0.1)
			return err
		})
		build(t, valueOf(func(x *gorgonia.Node) *gorgonia.Node {
			return must(gorgonia.Add(x, gorgonia.NewConstant(weights(tensor.Shape{9, 8, 8}))))
		}, 9, 8, 8))
	})
	if len(got) > 0 {
		t.Errorf("%q", got)
	}
}

// fusedNetwork is a convolution, a dropout and two losses of it, differentiated.
func fusedNetwork(g *gorgonia.ExprGraph, dt tensor.Dtype) error {
	in := func(name string, dt tensor.Dtype, shape ...int) *gorgonia.Node {
		return graph.NewInput(g, dt, name, shape...)
	}
	f := graph.Fused
	filter, shift := in("filter", dt, 3, 3, 1, 2), in("shift", dt, 2)
	x := must(f.Convolve(in("images", dt, 4, 12, 12, 1), filter, shift, graph.Window{}, 1, true))
	x = must(f.Dropout(must(f.Flatten(x)), 0.3, rand.NewPCG(1, 2)))
	w, b := in("w", dt, 200, 10), in("b", dt, 10)
	logits := must(f.Affine(x, w, b, false))
	must(f.Softmax(logits))
	loss, _, err := f.CrossEntropy(logits, in("labels", tensor.Int, 4), 0.1)
	if err == nil {
		_, err = graph.Grad(must(f.L2(loss, 0.1, w, filter)), filter, shift, w, b)
	}
	return err
}
