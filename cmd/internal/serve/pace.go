package serve

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

func (p *pace) refuse(w http.ResponseWriter) {
	h := w.Header()
	h["Content-Type"], h["Content-Length"], h["Retry-After"] = jsonType, fullLength, retryAfter
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte(full))
	_ = http.NewResponseController(w).Flush() // who does not read it is gone
	time.Sleep(time.Duration(p.held.Add(1)) * spacing)
	p.held.Add(-1)
}
