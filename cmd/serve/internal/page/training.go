package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"stheno/nets/train"
)

// Training is a training that is running, or was.
type Training interface {
	State() State
	Events(ctx context.Context) <-chan Event // what has been so far, then what comes; closed when it is too slow to follow, or ctx is done
	Pause()
	Resume()
	Stop()
}

// State is where training stands.
type State struct {
	State string `json:"state"`           // "off", "training", "paused", "stopped", "done", "failed"
	Model string `json:"model,omitempty"` // that is being trained
	Text  string `json:"text"`            // for the user
}

// The kinds of events.
const (
	StateEvent  = "state"  // a State
	PastEvent   = "past"   // a Past: what a stream begins with
	StepEvent   = "step"   // a Point
	EpochEvent  = "epoch"  // an Epoch
	ModelsEvent = "models" // /api/models has something new; no data
)

// Point is one of a training curve.
type Point struct {
	Model    string  `json:"model"`
	At       float64 `json:"at"` // epochs, with a fraction
	Loss     float64 `json:"loss"`
	Accuracy float64 `json:"accuracy"`
}

// Epoch is a row of a network's history.
type Epoch struct {
	Model string `json:"model"`
	train.Row
}

// Past is what is known of trainings when a stream begins.
type Past struct {
	Points []Point `json:"points"`
	Rows   []Epoch `json:"rows"`
}

// Event is something that happened in training.
type Event struct {
	Kind string
	Data any
}

func (p *Page) state() State {
	if p.training == nil {
		return State{State: "off"}
	}
	return p.training.State()
}

// control lets the page pause, go on with or stop training.
func (p *Page) control(do func(Training)) func(http.ResponseWriter, *http.Request) (any, error) {
	return func(http.ResponseWriter, *http.Request) (any, error) {
		if p.training == nil {
			return nil, refuse(http.StatusConflict, "nothing is being trained")
		}
		do(p.training)
		return p.training.State(), nil
	}
}

// silence is how long a stream says nothing at most, so that nobody between
// takes it for dead.
const silence = 15 * time.Second

// stream sends events until the browser goes away or the page closes. Training
// does not depend on it.
func (p *Page) stream(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	_ = errors.Join(control.SetReadDeadline(time.Time{}), control.SetWriteDeadline(time.Time{})) // a stream has no end to be late for
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	var events <-chan Event
	if p.training != nil {
		events = p.training.Events(ctx)
	}
	if err := send(w, Event{StateEvent, p.state()}); err != nil {
		return
	}
	ticker := time.NewTicker(silence)
	defer ticker.Stop()
	for {
		var err error
		select {
		case e, open := <-events:
			if !open {
				return // the browser asks again
			}
			err = send(w, e)
		case <-ticker.C:
			_, err = io.WriteString(w, ": \n\n")
			err = flush(w, err)
		case <-ctx.Done():
			return
		case <-p.closing:
			return
		}
		if err != nil {
			return
		}
	}
}

// send writes one event in the form of server-sent events.
func send(w http.ResponseWriter, e Event) error {
	content, err := json.Marshal(e.Data)
	if err != nil {
		return nil // a loss that is not finite: training says so itself
	}
	_, err = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.Kind, content)
	return flush(w, err)
}

func flush(w http.ResponseWriter, err error) error {
	if err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}
