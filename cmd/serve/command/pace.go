package command

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// spacing is the time between two refusals that are paced.
const spacing = time.Millisecond

// pace refuses for want of room. A refusal is written at once and says when to
// come again. Whoever does not heed that is heard again on the same connection
// only after a while, which is the longer the more there are of them: together
// they are refused once in spacing, however many they are, and what a refusal
// costs is not taken from those who are answered.
type pace struct{ held atomic.Int64 }

const full = `{"error":"the queue is full, try again later"}` + "\n"

var (
	fullLength = []string{strconv.Itoa(len(full))}
	retryAfter = []string{"1"}
)

func (p *pace) refuse(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Content-Type"], h["Content-Length"], h["Retry-After"] = jsonType, fullLength, retryAfter
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte(full))
	_ = http.NewResponseController(w).Flush() // who does not read it is gone
	var gone <-chan struct{}
	if c := connOf(r); c != nil {
		gone = c.gone
	}
	wait(time.Duration(p.held.Add(1))*spacing, gone, nil)
	p.held.Add(-1)
}

// wait waits, but no longer than one of two channels is open.
func wait(d time.Duration, gone, left <-chan struct{}) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-gone:
	case <-left:
	}
}
