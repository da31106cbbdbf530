package page

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stheno/nets"
)

// TestBudget: of a crowd's drawings some are computed, some wait and the others are
// refused at once; what needs no computing is answered meanwhile, and in the end all
// who waited are.
func TestBudget(t *testing.T) {
	m := newModel(t, tiny)
	asked, free := make(chan bool, 2*maxAsked), make(chan bool)
	m.Predict = func(_ context.Context, images []float32) (nets.Scores, error) {
		asked <- true
		<-free
		return m.Predictor.Predict(images)
	}
	p := New(fixed{models: []Model{m}}, nil)
	server := httptest.NewServer(p)
	defer server.Close()
	body := drawing(t, 100, true)
	var mu sync.Mutex
	status := make(map[int]int)
	var group sync.WaitGroup
	ask := func() {
		answer, err := http.Post(server.URL+"/api/predict", "image/png", strings.NewReader(string(body)))
		if err != nil {
			t.Error(err)
			return
		}
		defer answer.Body.Close()
		var said struct{ Error string }
		_ = json.NewDecoder(answer.Body).Decode(&said)
		if answer.StatusCode == http.StatusServiceUnavailable && (answer.Header.Get("Retry-After") == "" || said.Error != ErrBusy.Error()) {
			t.Errorf("a refusal with %v: %q", answer.Header, said.Error)
		}
		mu.Lock()
		defer mu.Unlock()
		status[answer.StatusCode]++
	}
	for range maxAsked {
		group.Go(ask)
	}
	for p.budget.asked.Load() < maxAsked {
		time.Sleep(time.Millisecond)
	}
	for range cap(p.budget.places) {
		<-asked
	}
	const more = 10
	for range more {
		ask()
	}
	if status[http.StatusServiceUnavailable] != more || len(status) != 1 || len(asked) != 0 {
		t.Errorf("answers %v, and %d more are computed", status, len(asked))
	}
	refused(t, p, "POST", "/api/layers", "application/json", []byte(`{}`), 503, "queue is full")
	if code := request(t, p, "GET", "/api/models", "", nil, nil); code != http.StatusOK {
		t.Errorf("what needs no computing: status %d", code)
	}
	close(free)
	group.Wait()
	if status[http.StatusOK] != maxAsked || p.budget.asked.Load() != 0 {
		t.Errorf("answers %v, %d still ask", status, p.budget.asked.Load())
	}
}

// TestBudgetRests: while a crowd waits, the page rests between two of them.
func TestBudgetRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget()
		for len(b.places) < cap(b.places)-1 { // one place is left
			b.places <- struct{}{}
		}
		began := time.Now()
		var took []time.Duration
		var mu sync.Mutex
		var group sync.WaitGroup
		for range crowd + 2 {
			group.Go(func() {
				leave, err := b.turn(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
				time.Sleep(time.Millisecond)
				leave()
			})
		}
		group.Wait()
		time.Sleep(time.Second) // for who rests
		if took[1] != 4*time.Millisecond || took[2] != 8*time.Millisecond || took[3] != 9*time.Millisecond {
			t.Errorf("turns begin after %v", took)
		}
	})
}

// TestBudgetIsGivenUp: who goes while he waits leaves no trace.
func TestBudgetIsGivenUp(t *testing.T) {
	p := New(fixed{models: []Model{newModel(t, tiny)}}, nil)
	for range cap(p.budget.places) {
		p.budget.places <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequest("POST", "/api/predict", strings.NewReader(string(drawing(t, 100, true)))).WithContext(ctx)
	r.Header.Set("Content-Type", "image/png")
	w := httptest.NewRecorder()
	if p.ServeHTTP(w, r); w.Code != 499 || p.budget.asked.Load() != 0 || p.budget.waiting.Load() != 0 {
		t.Errorf("status %d, %d ask, %d wait", w.Code, p.budget.asked.Load(), p.budget.waiting.Load())
	}
}

// TestLargeBodyIsNotAwaited: what is announced as too large is refused unread, and
// what a body needs is bounded by what networks take.
func TestLargeBodyIsNotAwaited(t *testing.T) {
	p, _ := newPage(t)
	for path, kind := range map[string]string{"/api/predict": "image/png", "/api/layers": "application/json", "/api/evidence": "application/json"} {
		r := httptest.NewRequest("POST", path, neverRead{t})
		r.Header.Set("Content-Type", kind)
		r.ContentLength = 1 << 20
		w := httptest.NewRecorder()
		if p.ServeHTTP(w, r); w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "more than 131072 bytes") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if n := p.maxJSON(); n > 8<<10 {
		t.Errorf("JSON of %d bytes for images of 784", n)
	}
}

// neverRead fails the test when it is read.
type neverRead struct{ testing.TB }

func (n neverRead) Read([]byte) (int, error) {
	n.Error("the body is read")
	return 0, http.ErrAbortHandler
}

// TestStreamHasNoDeadlines: a server's limits for a request are not a stream's.
func TestStreamHasNoDeadlines(t *testing.T) {
	p := New(fixed{}, nil)
	w := &deadlines{ResponseRecorder: httptest.NewRecorder(), read: time.Now(), write: time.Now()}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p.ServeHTTP(w, httptest.NewRequest("GET", "/api/training", nil).WithContext(ctx))
	if !w.read.IsZero() || !w.write.IsZero() {
		t.Errorf("a stream is to be read by %v and written by %v", w.read, w.write)
	}
}

type deadlines struct {
	*httptest.ResponseRecorder
	read, write time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error  { d.read = at; return nil }
func (d *deadlines) SetWriteDeadline(at time.Time) error { d.write = at; return nil }
