package nets

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"gorgonia.org/tensor"

	"stheno/graph"
)

// Predictor predicts with a model's weights. It may be used by any number of
// goroutines at a time, as long as nobody changes the weights. What it says of
// an image depends on neither the images beside it nor the number of threads.
type Predictor struct {
	model   *Model
	running chan struct{} // one for each program that runs

	mu   sync.Mutex // guards building, and what is below
	idle map[lent][]*Program
}

// lent is what tells a predictor's programs apart.
type lent struct {
	images int
	whole  bool // each layer gives what it says
}

// Scores are what a network says of N images; Top names the likeliest classes.
type Scores struct {
	Classes       int
	Logits        []float32 // (N,classes)
	Probabilities []float32 // (N,classes), their softmax
}

// maxPrediction is how many images go through the network at a time.
const maxPrediction = 256

// NewPredictor makes a predictor for m. Its graphs are built when they are
// needed, and kept: one for each power of two up to 256 images, and for as many
// goroutines as there are processors.
func NewPredictor(m *Model) *Predictor {
	return &Predictor{model: m, running: make(chan struct{}, runtime.GOMAXPROCS(0)), idle: make(map[lent][]*Program)}
}

// Network is the network that predicts.
func (p *Predictor) Network() Network { return p.model.Network }

// Weights are those that it predicts with, to be looked at.
func (p *Predictor) Weights() []Weight { return p.model.Weights }

// Classes is how many classes the network tells apart; 0 without a model.
func (p *Predictor) Classes() int {
	if p.model == nil {
		return 0
	}
	return p.model.Classes
}

// Predict runs images (N,H,W,C), with values from 0 to 1, through the network.
func (p *Predictor) Predict(images []float32) (Scores, error) {
	if p.model == nil || p.model.specs == nil {
		return Scores{}, errors.New("nets: the predictor has no model: give NewPredictor one that New or Load has made")
	}
	input := p.model.Input
	size := input[0] * input[1] * input[2]
	if len(images) == 0 || len(images)%size != 0 {
		return Scores{}, fmt.Errorf("nets: %d values are no images of %d x %d x %d", len(images), input[0], input[1], input[2])
	}
	rows := len(images) / size
	out := Scores{p.model.Classes, make([]float32, rows*p.model.Classes), make([]float32, rows*p.model.Classes)}
	for from := 0; from < rows; {
		n := maxPrediction
		for n > rows-from {
			n /= 2
		}
		if err := p.run(images[from*size:(from+n)*size], out, from, n); err != nil {
			return Scores{}, err
		}
		from += n
	}
	return out, nil
}

// run predicts n images and writes their rows into out, beginning with a row.
func (p *Predictor) run(images []float32, out Scores, from, n int) error {
	p.running <- struct{}{}
	defer func() { <-p.running }()
	program, err := p.take(lent{images: n})
	if err != nil {
		return err
	}
	defer p.put(lent{images: n}, program)
	if p.model.dtype == tensor.Float64 {
		return predict[float64](program, images, out, from)
	}
	return predict[float32](program, images, out, from)
}

func predict[T graph.Float](p *Program, images []float32, out Scores, from int) error {
	for i, in := 0, graph.Slice[T](p.Images()); i < len(in); i++ {
		in[i] = T(images[i])
	}
	if err := p.Run(); err != nil {
		return err
	}
	at := from * out.Classes
	for i, v := range graph.Slice[T](p.Logits()) {
		out.Logits[at+i] = float32(v)
	}
	for i, v := range graph.Slice[T](p.Probabilities()) {
		out.Probabilities[at+i] = float32(v)
	}
	return nil
}

// take lends a program that nobody else runs.
func (p *Predictor) take(l lent) (*Program, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if free := p.idle[l]; len(free) > 0 {
		p.idle[l] = free[:len(free)-1]
		return free[len(free)-1], nil
	}
	program, err := p.model.draft(Prediction, l.images, l.whole)
	if err != nil {
		return nil, err
	}
	return program, program.ready(Prediction)
}

func (p *Predictor) put(l lent, program *Program) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle[l] = append(p.idle[l], program)
}
