package graph

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"gorgonia.org/gorgonia"

	"stheno/graph/kernel"
)

// building serialises the building of graphs: Gorgonia shares constants
// between all graphs of a process.
var building sync.Mutex

// Build makes a graph with the given function and compiles it, for a phase:
// [AsSet] unless one is given. Input nodes that the function leaves without a
// value get memory of the machine's. No memory of a batch's size is taken before
// the first Run or Ready.
//
// Build refuses what Gorgonia is known to compute wrong, by name, and warns of what may
// be wrong, as [SetWarn] says; the package's documentation lists both. A panic of the function is an error, too. Graphs are
// built one at a time: the function must neither call Build itself nor wait for a
// goroutine that does.
func Build(build func(g *gorgonia.ExprGraph) error, phase ...Phase) (m *Machine, err error) {
	if err := kernel.EnvironmentError(); err != nil {
		return nil, err
	}
	if build == nil {
		return nil, errors.New("graph: Build needs a function that builds the graph")
	}
	if len(phase) > 1 {
		return nil, fmt.Errorf("graph: Build takes one phase, got %d", len(phase))
	}
	phase = append(phase, AsSet)
	if phase[0] < AsSet || phase[0] > Evaluation {
		return nil, fmt.Errorf("graph: Build: there is no phase %d; there are AsSet, Training and Evaluation", phase[0])
	}
	if nested() {
		return nil, errors.New("graph: Build inside the function of another Build: build the graphs one after the other")
	}
	m, doubts, err := buildAlone(build, phase[0])
	if err != nil {
		return nil, err
	}
	warn(doubts)
	return m, nil
}

// buildAlone is Build, while no other is, and says what is doubtful.
func buildAlone(build func(g *gorgonia.ExprGraph) error, phase Phase) (m *Machine, of [len(doubtful)]string, err error) {
	building.Lock()
	defer building.Unlock()
	g := gorgonia.NewGraph()
	construct(g)
	defer construct(nil)
	if err := protect("the function that builds the graph panicked", func() error { return build(g) }); err != nil {
		return nil, of, err
	}
	err = protect("the graph cannot be compiled", func() (err error) {
		if m, err = compile(g, phase); err == nil {
			of = doubts(g)
		}
		return err
	})
	return m, of, err
}

// nested says whether Build, which asks, was called by itself.
func nested() bool {
	const build = "stheno/graph.Build"
	_, ok := caller(3, func(f runtime.Frame) bool { return f.Function == build })
	return ok
}

// caller finds the innermost frame of this goroutine's stack that is wanted, from
// the one on that Callers counts as skip from here.
func caller(skip int, wanted func(runtime.Frame) bool) (runtime.Frame, bool) {
	callers := make([]uintptr, 64)
	for skip++; ; skip += len(callers) {
		n := runtime.Callers(skip, callers)
		frames := runtime.CallersFrames(callers[:n])
		for more := n > 0; more; {
			var f runtime.Frame
			if f, more = frames.Next(); wanted(f) {
				return f, true
			}
		}
		if n < len(callers) {
			return runtime.Frame{}, false
		}
	}
}

// refusal is an error that a function without a result for one panics with.
type refusal struct{ error }

func refuse(format string, args ...any) { panic(refusal{fmt.Errorf("graph: "+format, args...)}) }

// protect runs f and makes an error of its panic, which says where it was. A
// refusal is the error that it carries.
func protect(what string, f func() error) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case refusal:
			err = r.error
		case error:
			err = fmt.Errorf("graph: %s%s: %w", what, panicked(), r)
		default:
			err = fmt.Errorf("graph: %s%s: %v", what, panicked(), r)
		}
	}()
	return f()
}

// panicked is the line that panicked, as " at file.go:12": the innermost that is
// neither Go's own nor Gorgonia's.
func panicked() string {
	raised := false
	f, ok := caller(2, func(f runtime.Frame) bool {
		if f.Function == "runtime.gopanic" {
			raised = true
		}
		return raised && !strings.HasPrefix(f.Function, "runtime.") && !strings.HasPrefix(f.Function, "gorgonia.org/")
	})
	if !ok {
		return ""
	}
	return fmt.Sprintf(" at %s:%d", filepath.Base(f.File), f.Line)
}
