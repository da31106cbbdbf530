package command

import (
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// What it costs to hear a crowd is taken from programs, whether it is answered or
// refused, and most who are refused come again at once. So of requests of the page,
// and of connections that are too many, some are heard at once and all others one
// after the other.
const (
	visitSpacing = 10 * time.Millisecond
	awaySpacing  = 4 * time.Millisecond
	atOnce       = 64              // after a time of rest
	longestWait  = 8 * time.Second // less than most clients do
)

// line is where a crowd waits.
type line struct {
	spacing time.Duration // between two who are heard

	mu   sync.Mutex
	next time.Time // when the next one is heard
}

// turn is how long the one who comes now waits.
func (l *line) turn(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if rested := now.Add(-atOnce * l.spacing); l.next.Before(rested) {
		l.next = rested
	}
	wait := l.next.Sub(now)
	if wait > longestWait {
		return longestWait // those before him have gone already
	}
	l.next = l.next.Add(l.spacing)
	return max(0, wait)
}

// admission lets requests in by what they are for, and tells of those that are not.
type admission struct {
	metrics *metrics
	notices notices
	visits  line // requests of the page
	away    line // requests on connections that are too many
}

func newAdmission(m *metrics, log *slog.Logger) *admission {
	return &admission{metrics: m, notices: notices{log: log}, visits: line{spacing: visitSpacing}, away: line{spacing: awaySpacing}}
}

// admit gives a request its place among those of its kind, or sends it away.
func (a *admission) admit(w *recorder, r *http.Request, next http.Handler) {
	c, k := connOf(r), kindOf(r)
	switch {
	case c == nil: // nobody counts connections
		next.ServeHTTP(w, r)
	case !c.begin(k):
		a.sendAway(w, r, c, k)
	default:
		defer c.end()
		if k == visitor {
			a.visit(w, r, c, next)
			return
		}
		next.ServeHTTP(w, r)
	}
}

// sendAway tells a client that there are too many connections of its kind, and
// closes this one.
func (a *admission) sendAway(w *recorder, r *http.Request, c *conn, k kind) {
	select {
	case <-c.gone:
		panic(http.ErrAbortHandler) // it has been closed for another one just now
	default:
	}
	name := kindNames[k]
	a.metrics.sentAway.WithLabelValues(name).Inc()
	a.notices.note("connections: " + name)
	wait(a.away.turn(time.Now()), c.gone, r.Context().Done())
	w.Header().Set("Connection", "close")
	writeError(w, http.StatusServiceUnavailable, "there are too many connections of this kind ("+name+") at a time, try again later")
}

// visit handles a request of the page.
func (a *admission) visit(w *recorder, r *http.Request, c *conn, next http.Handler) {
	wait(a.visits.turn(time.Now()), c.gone, r.Context().Done())
	next.ServeHTTP(w, r)
	switch w.status {
	case http.StatusRequestEntityTooLarge, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		code := strconv.Itoa(w.status)
		a.metrics.pageRefused.WithLabelValues(code).Inc()
		a.notices.note("page: " + code)
	}
}

// quiet is the time between two lines of the log about the same.
const quiet = time.Minute

// notices tell the log what is refused: when it begins, and then once in a while
// how often.
type notices struct {
	log *slog.Logger

	mu sync.Mutex
	of map[string]*notice
}

type notice struct {
	said  time.Time
	times int // since then
}

func (n *notices) note(what string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.of == nil {
		n.of = make(map[string]*notice)
	}
	if n.of[what] == nil {
		n.of[what] = &notice{}
	}
	known, now := n.of[what], time.Now()
	known.times++
	if !known.said.IsZero() && now.Sub(known.said) < quiet {
		return
	}
	n.log.Warn("refused, as there are too many or they ask too much", "what", what, "times", known.times)
	known.said, known.times = now, 0
}
