package page

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
)

// Source knows the networks that the page shows.
type Source interface {
	Models() []Model // as they are now; all for images of one shape, and no name twice
	Test() *data.Set // the test images; nil is none
}

// Model is a trained network, or a snapshot of one that is being trained. Its
// weights never change: newer ones come as another Model.
type Model struct {
	Name         string // for the user
	Predictor    *nets.Predictor
	Config       run.Config
	History      []train.Row
	TestAccuracy *float64 // nil is not known yet

	// Predict predicts what is drawn; nil is the Predictor alone. It may be busy.
	Predict func(ctx context.Context, images []float32) (nets.Scores, error)
}

// ErrBusy is Model.Predict's when it has no room for more.
var ErrBusy = errors.New("the queue is full, try again later")

// predict predicts what is drawn.
func (m Model) predict(ctx context.Context, image []float32) (nets.Scores, error) {
	if m.Predict != nil {
		return m.Predict(ctx, image)
	}
	return m.Predictor.Predict(image)
}

// input is the shape of the network's images.
func (m Model) input() [3]int { return m.Predictor.Network().Input }

// size is how many values an image has.
func (m Model) size() int { s := m.input(); return s[0] * s[1] * s[2] }

// classes are the names of the classes.
func (m Model) classes() []string {
	names := make([]string, m.Predictor.Classes())
	for i := range names {
		names[i] = m.Config.Data.Class(i)
	}
	return names
}

// Page is the handler of the page and of its API. It is mounted at the root, or
// its paths / (alone), /ui/ and /api/ are.
type Page struct {
	source   Source
	training Training // nil if nothing is trained
	routes   map[string]route
	mux      *http.ServeMux
	errors   errorCache
	drawings drawings
	budget   budget

	mu      sync.Mutex
	closing chan struct{}
	visits  sync.WaitGroup // connections that have left the server; they begin under mu
}

// New makes a page. A nil training says that nothing is trained.
func New(source Source, training Training) *Page {
	p := &Page{source: source, training: training, mux: http.NewServeMux(), budget: newBudget(), closing: make(chan struct{})}
	p.routes = map[string]route{
		"/api/models":          {http.MethodGet, p.models, nothing},
		"/api/predict":         {http.MethodPost, p.predict, aTurn},
		"/api/layers":          {http.MethodPost, p.layers, aTurn},
		"/api/evidence":        {http.MethodPost, p.evidence, turns},
		"/api/confusion":       {http.MethodGet, p.confusion, nothing},
		"/api/tests":           {http.MethodGet, p.tests, nothing},
		"/api/training/pause":  {http.MethodPost, p.control(Training.Pause), nothing},
		"/api/training/resume": {http.MethodPost, p.control(Training.Resume), nothing},
		"/api/training/stop":   {http.MethodPost, p.control(Training.Stop), nothing},
	}
	p.mux.HandleFunc("/api/", p.api)
	p.mux.HandleFunc("GET /api/training", p.stream)
	p.mux.HandleFunc("GET /api/draw", p.draw)
	p.mux.Handle("/ui/", assets())
	p.mux.HandleFunc("GET /{$}", index)
	return p
}

// ServeHTTP answers.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

// Close ends the streams of events and the judging of test images, which a server
// that shuts down would wait for, and the connections of hands that draw, which it knows nothing of, and
// returns when these have ended: http.Server.RegisterOnShutdown(page.Close), and
// once more behind Shutdown to wait.
func (p *Page) Close() {
	p.mu.Lock()
	if !p.closed() {
		close(p.closing)
	}
	p.mu.Unlock()
	p.visits.Wait()
}

var errStops = refuse(http.StatusServiceUnavailable, "the server stops")

func (p *Page) closed() bool {
	select {
	case <-p.closing:
		return true
	default:
		return false
	}
}

// enter begins a visit, or says that the page closes.
func (p *Page) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed() {
		return false
	}
	p.visits.Add(1)
	return true
}

// model is the one that a request names.
func (p *Page) model(name string) (Model, error) {
	for _, m := range p.source.Models() {
		if m.Name == name {
			return m, nil
		}
	}
	return Model{}, refuse(http.StatusNotFound, "no network is named %q", name)
}

// modelJSON is a network in /api/models.
type modelJSON struct {
	Name         string      `json:"name"`
	Classes      []string    `json:"classes"`
	Image        [3]int      `json:"image"` // height, width, channels
	Params       int         `json:"params"`
	TestAccuracy *float64    `json:"test_accuracy"`
	History      []train.Row `json:"history"`
}

type modelsJSON struct {
	Models   []modelJSON `json:"models"`
	Training State       `json:"training"`
	Tests    int         `json:"tests"` // how many test images there are
}

func (p *Page) models(http.ResponseWriter, *http.Request) (any, error) {
	answer := modelsJSON{Models: []modelJSON{}, Training: p.state()}
	for _, m := range p.source.Models() {
		history := append([]train.Row{}, m.History...) // [], not null
		answer.Models = append(answer.Models, modelJSON{m.Name, m.classes(), m.input(), m.Config.Params, m.TestAccuracy, history})
	}
	if set := p.source.Test(); set != nil {
		answer.Tests = set.Len()
	}
	return answer, nil
}
