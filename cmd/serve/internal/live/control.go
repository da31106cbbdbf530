package live

import (
	"context"

	"stheno/cmd/serve/internal/page"
)

// State is where training stands.
func (t *Trainer) State() page.State {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state
}

// Pause keeps training from its next step, until Resume. It does nothing if
// nothing is trained.
func (t *Trainer) Pause() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state.State != "training" {
		return
	}
	t.state.State = "paused"
	t.mayGo = make(chan struct{})
	t.hub.tell(page.Event{Kind: page.StateEvent, Data: t.state})
}

// Resume goes on after Pause.
func (t *Trainer) Resume() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state.State != "paused" {
		return
	}
	t.state.State = "training"
	close(t.mayGo)
	t.hub.tell(page.Event{Kind: page.StateEvent, Data: t.state})
}

// Stop ends training after the step that is running, also one that is paused.
// What has been learnt is saved.
func (t *Trainer) Stop() { t.cancel(errStopped) }

// hold waits while training is paused.
func (t *Trainer) hold(ctx context.Context) {
	t.mu.Lock()
	may := t.mayGo
	t.mu.Unlock()
	select {
	case <-may:
	case <-ctx.Done():
	}
}

// Events are the past and what comes, until ctx is done.
func (t *Trainer) Events(ctx context.Context) <-chan page.Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	past := page.Past{Points: append([]page.Point{}, t.past.Points...), Rows: append([]page.Epoch{}, t.past.Rows...)}
	events := t.hub.join(page.Event{Kind: page.PastEvent, Data: past})
	context.AfterFunc(ctx, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.hub.leave(events)
	})
	return events
}

// hub tells events to whoever listens. The trainer's lock guards it.
type hub struct{ listeners map[chan page.Event]bool }

// backlog is how many events a listener may be behind.
const backlog = 64

func (h *hub) join(first page.Event) chan page.Event {
	events := make(chan page.Event, backlog)
	events <- first
	if h.listeners == nil {
		h.listeners = make(map[chan page.Event]bool)
	}
	h.listeners[events] = true
	return events
}

func (h *hub) leave(events chan page.Event) {
	if h.listeners[events] {
		delete(h.listeners, events)
		close(events)
	}
}

// tell never waits: who is too slow is sent away, and asks for the past again.
func (h *hub) tell(e page.Event) {
	for events := range h.listeners {
		select {
		case events <- e:
		default:
			h.leave(events)
		}
	}
}
