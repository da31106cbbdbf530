package nets

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// Phase is what a graph is for.
type Phase int

// The phases.
const (
	Training   Phase = iota // loss, right answers and gradients
	Evaluation              // loss and right answers
	Prediction              // logits and probabilities
)

func (p Phase) String() string {
	switch p {
	case Training:
		return "training"
	case Evaluation:
		return "evaluation"
	case Prediction:
		return "prediction"
	}
	return fmt.Sprintf("Phase(%d)", int(p))
}

// mode is that of Gorgonia's ops which a layer may hold: Dropout and BatchNorm.
func (p Phase) mode() graph.Phase {
	if p == Training {
		return graph.Training
	}
	return graph.Evaluation
}

type programKey struct {
	phase     Phase
	batch     int
	objective Objective
	frozen    string // the layers, in one piece that can be compared
}

// Program is a model's graph for one phase and one batch size, compiled.
type Program struct {
	machine        *graph.Machine
	images, labels *gorgonia.Node
	logits, probs  *gorgonia.Node
	loss           *gorgonia.Node
	hits           func() int
	gradients      []gorgonia.ValueGrad
	parts          []Part
	states         []state
}

// Program returns the model's graph for a phase and a batch of so many images.
// It is built at the first call and kept.
func (m *Model) Program(phase Phase, batch int) (*Program, error) {
	if err := m.possible(phase, batch); err != nil {
		return nil, err
	}
	key := m.key(phase, batch)
	if p, ok := m.programs[key]; ok {
		return p, nil
	}
	p, err := m.Draft(phase, batch)
	if err != nil {
		return nil, err
	}
	if err := p.ready(phase); err != nil {
		return nil, err
	}
	m.programs[key] = p
	return p, nil
}

// Bytes is how much memory Program takes for a phase and a batch size. It
// builds the graph, but takes no memory.
func (m *Model) Bytes(phase Phase, batch int) (int, error) {
	if err := m.possible(phase, batch); err != nil {
		return 0, err
	}
	if p, ok := m.programs[m.key(phase, batch)]; ok {
		return p.machine.Bytes(), nil
	}
	p, err := m.Draft(phase, batch)
	if err != nil {
		return 0, err
	}
	return p.machine.Bytes(), p.machine.Close()
}

// key is what a program is known by.
func (m *Model) key(phase Phase, batch int) programKey {
	return programKey{phase, batch, m.Objective, strings.Join(m.Frozen, "\n")}
}

// possible says what keeps a program from being built, or found again.
func (m *Model) possible(phase Phase, batch int) error {
	switch loss := m.Objective.Loss; {
	case phase < Training || phase > Prediction:
		return fmt.Errorf("nets: %s: %v is not known; there are %v, %v and %v", m.Name, phase, Training, Evaluation, Prediction)
	case batch < 1:
		return fmt.Errorf("nets: %s: a batch of %d images: there must be at least 1", m.Name, batch)
	case phase == Training && m.Noise == nil:
		return fmt.Errorf("nets: %s: its Noise is nil: keep the one that New gives, or set a rand.NewPCG", m.Name)
	case loss != nil && !reflect.ValueOf(loss).Comparable():
		return fmt.Errorf("nets: %s: a loss of type %T cannot be told from another one, as it holds a slice, a map or a function: make it a pointer", m.Name, loss)
	}
	return nil
}

// Draft builds a program without taking memory for it: to be looked at, not to
// be run. It is not kept.
func (m *Model) Draft(phase Phase, batch int) (*Program, error) {
	return m.draft(phase, batch, false)
}

// DraftWhole is Draft with no layer that does what the one behind it is for, as
// [Builder.Rectified] lets it: each part gives what its layer says.
func (m *Model) DraftWhole(phase Phase, batch int) (*Program, error) {
	return m.draft(phase, batch, true)
}

func (m *Model) draft(phase Phase, batch int, whole bool) (*Program, error) {
	if err := m.possible(phase, batch); err != nil {
		return nil, err
	}
	p := &Program{}
	var err error
	p.machine, err = graph.Build(func(g *gorgonia.ExprGraph) error {
		b := &Builder{Ops: m.Ops, Phase: phase, Noise: noise{m.Noise, &m.Before}, Together: together{m}, graph: g, dtype: m.dtype, given: m.Weights, whole: whole}
		err := p.build(b, m.Network, m.Objective, batch)
		p.parts, p.states = b.parts, b.states
		return err
	}, phase.mode())
	return p, err
}

func (p *Program) build(b *Builder, net Network, objective Objective, batch int) (err error) {
	p.images = b.images(net, batch)
	if p.logits, err = b.build(net, p.images); err != nil {
		return err
	}
	if b.Phase == Prediction {
		before := len(b.graph.AllNodes())
		p.probs, err = b.Ops.Softmax(p.logits)
		b.record("probabilities", "Softmax", before, p.probs)
		return err
	}
	p.labels = graph.NewInput(b.graph, tensor.Int, "label", batch)
	before := len(b.graph.AllNodes()) // labels are an input, as images are
	if p.loss, p.hits, err = objective.loss(b, p.logits, p.labels); err != nil {
		return err
	}
	b.record("loss", objective.kind(), before, p.loss)
	if b.Phase == Training {
		if len(b.trained) == 0 && len(b.weights) > 0 {
			return fmt.Errorf("nets: %s: %w", net.Name, ErrAllFrozen)
		}
		_, err = graph.Grad(p.loss, b.trained...)
		p.gradients = gorgonia.NodesToValueGrads(b.trained)
	}
	return err
}

// Images is the memory that images (N,H,W,C) are written to before Run.
func (p *Program) Images() gorgonia.Value { return p.images.Value() }

// Labels is the memory that labels (N) are written to before Run; nil in a
// program for prediction, and in a draft.
func (p *Program) Labels() []int {
	if p.labels == nil || p.labels.Value() == nil {
		return nil
	}
	return p.labels.Value().(*tensor.Dense).Ints()
}

// Run computes the graph for the images and labels in place.
func (p *Program) Run() error {
	if p.machine == nil {
		return errors.New("nets: the program is empty: take it from Model.Program")
	}
	return p.machine.Run()
}

// Loss is the last run's mean cross-entropy, with what the model's Objective adds;
// NaN in a program for prediction, and in a draft.
func (p *Program) Loss() float64 {
	if p.loss == nil || p.loss.Value() == nil {
		return math.NaN()
	}
	if p.loss.Dtype() == tensor.Float64 {
		return graph.Slice[float64](p.loss.Value())[0]
	}
	return float64(graph.Slice[float32](p.loss.Value())[0])
}

// Hits is how many images the last run classified right; -1 in a program for
// prediction, which does not know.
func (p *Program) Hits() int {
	if p.hits == nil {
		return -1
	}
	return p.hits()
}

// Gradients are the trained weights with the last run's gradients, in the order of
// Model.Trained, for a gorgonia.Solver. The loss is a mean over the batch
// already: leave WithBatchSize at 1. A solver keeps its state by the place of a
// weight in this list, and leaves zeros where the gradients were.
//
// Of Gorgonia's own solvers, as of v0.9.18, these are sound for a model's weights:
//
//	NewVanillaSolver   with all its options
//	NewAdamSolver      with all its options: textbook Adam, its epsilon of 1e-8 after the correction; Keras's is train.Adam
//	NewMomentum        without WithL1Reg and WithL2Reg, which go into the velocity
//	NewRMSPropSolver   without WithL2Reg, which is not scaled by the rate, and WithClip, which comes too late
//
// And these are not, without an error of theirs:
//
//	NewAdamW           never moves a weight
//	NewAdaGradSolver   takes no option: its rate is always 0.001
//
// NewBarzilaiBorweinSolver refuses float32.
func (p *Program) Gradients() []gorgonia.ValueGrad { return p.gradients }

// Logits (N,classes) of the last run.
func (p *Program) Logits() gorgonia.Value { return p.logits.Value() }

// Probabilities (N,classes) of the last run, in a program for prediction; nil in
// others.
func (p *Program) Probabilities() gorgonia.Value {
	if p.probs == nil {
		return nil
	}
	return p.probs.Value()
}

// Watch has see called as each run begins and after each op, for profiles; see
// graph.Machine.Watch.
func (p *Program) Watch(see func(graph.Op)) bool { return p.machine.Watch(see) }

// Parts are the layers' nodes in Graph, in the layers' order, and last those of
// the loss or of the probabilities. The inputs are in none of them, and neither
// are gradients, which Grad adds after all.
func (p *Program) Parts() []Part { return p.parts }

// Graph is the program's symbolic expression graph.
func (p *Program) Graph() *gorgonia.ExprGraph { return p.machine.Graph() }
