package command

import (
	chain "container/list"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"
)

// kind is what a connection is for, as its last request says.
type kind int

const (
	silent  kind = iota // it has asked nothing yet
	probe               // how the server and its models are, and metrics
	program             // predictions
	visitor             // the page
	stream              // the page's events of training
	hand                // the page's drawings
	refused             // it has been told that there is no room, and is closed a little later
	kinds
)

var kindNames = [kinds]string{"silent", "probe", "program", "page", "stream", "hand", "refused"}

// The bounds of connections. Those of the kinds leave a part of all to whoever has
// asked nothing yet, so that a probe or a program always gets as far as to ask.
const maxConnections = 4096

var maxOfKind = [kinds]int{
	silent: maxConnections, probe: 64, program: 2048, visitor: 192, stream: 128, hand: 128, refused: maxConnections,
}

// churn is the time between two connections that are let in while others have to
// go for them.
const churn = time.Millisecond

// kindOf is what a request is for.
func kindOf(r *http.Request) kind {
	path := r.URL.Path
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	switch forPrograms := path == "/v2" || strings.HasPrefix(path, "/v2/") || strings.HasPrefix(path, "/v1/"); {
	case reads && (forPrograms || path == "/metrics"), r.Method == http.MethodOptions:
		return probe
	case forPrograms:
		return program
	case r.Method == http.MethodGet && path == "/api/training":
		return stream
	case r.Method == http.MethodGet && path == "/api/draw":
		return hand
	}
	return visitor
}

// connections are those that are open, by kind. One that rests, as it has asked
// nothing yet or waits for its client's next request, is closed when there is no
// room for a new one: the oldest first.
type connections struct {
	net.Listener
	most   int        // of all
	mostOf [kinds]int // of each kind
	closed func(kind) // is told of one that was closed to make room

	mu      sync.Mutex
	count   [kinds]int
	resting [kinds]chain.List // of *conn, the oldest first
}

// conn is a connection, which knows what it is for.
type conn struct {
	net.Conn
	all  *connections
	gone chan struct{} // closed when it is

	kind kind           // guarded by all.mu, as is what is below
	rest *chain.Element // in all.resting; nil while a request is handled
	left bool
}

func newConnections(l net.Listener, closed func(kind)) *connections {
	return &connections{Listener: l, most: maxConnections, mostOf: maxOfKind, closed: closed}
}

// Accept never waits for others to go: they have to.
func (a *connections) Accept() (net.Conn, error) {
	inner, err := a.Listener.Accept()
	for errors.Is(err, syscall.EMFILE) && a.makeRoom() { // the system lets us have fewer
		inner, err = a.Listener.Accept()
	}
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: inner, all: a, gone: make(chan struct{})}
	a.mu.Lock()
	total := 1
	for _, n := range a.count {
		total += n
	}
	a.count[silent]++
	c.rest = a.resting[silent].PushBack(c)
	a.mu.Unlock()
	if total > a.most {
		a.makeRoom()
	}
	return c, nil
}

// makeRoom closes the connection that is missed least, if there is one.
func (a *connections) makeRoom() (ok bool) {
	var oldest *conn
	a.mu.Lock()
	for _, k := range []kind{refused, silent, visitor, program, probe} {
		if oldest = a.oldest(k); oldest != nil {
			break
		}
	}
	a.mu.Unlock()
	if oldest == nil {
		return false
	}
	a.dismiss(oldest)
	time.Sleep(churn)
	return true
}

// Close ends the listener, and the connections that have been told all there is to
// tell.
func (a *connections) Close() error {
	err := a.Listener.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	for c := a.oldest(refused); c != nil; c = a.oldest(refused) {
		_ = c.Conn.Close()
	}
	return err
}

// oldest takes the oldest out of those of a kind that rest; nil if there are none.
// The caller holds mu, and dismisses it.
func (a *connections) oldest(k kind) *conn {
	e := a.resting[k].Front()
	if e == nil {
		return nil
	}
	c := e.Value.(*conn)
	c.leave()
	return c
}

// dismiss closes a connection for another one.
func (a *connections) dismiss(c *conn) {
	a.closed(c.kind)
	_ = c.Conn.Close() // its client sees what there is to see
}

// leave takes a connection out of the counts, once. The caller holds mu.
func (c *conn) leave() (first bool) {
	if c.left {
		return false
	}
	c.left = true
	c.all.count[c.kind]--
	if c.rest != nil {
		c.all.resting[c.kind].Remove(c.rest)
		c.rest = nil
	}
	close(c.gone)
	return true
}

func (c *conn) Close() error {
	c.all.mu.Lock()
	c.leave()
	c.all.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite ends what the server says, and lets it hear on: net/http does so where
// a client still sends.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// begin says that a request of a kind is handled, until end. It is not ok if there
// is no room: if all of that kind are handled, or c itself has been closed.
func (c *conn) begin(k kind) (ok bool) {
	a := c.all
	a.mu.Lock()
	if c.left {
		a.mu.Unlock()
		return false
	}
	a.resting[c.kind].Remove(c.rest)
	c.rest = nil
	var oldest *conn
	if c.kind != k && a.count[k] >= a.mostOf[k] {
		if oldest = a.oldest(k); oldest == nil {
			k = refused
		}
	}
	a.count[c.kind]--
	a.count[k]++
	c.kind = k
	if k == refused {
		c.rest = a.resting[k].PushBack(c)
	}
	a.mu.Unlock()
	if oldest != nil {
		a.dismiss(oldest)
	}
	return k != refused
}

// end says that the connection rests.
func (c *conn) end() {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	if !c.left && c.rest == nil {
		c.rest = c.all.resting[c.kind].PushBack(c)
	}
}

// open is how many connections of a kind there are.
func (a *connections) open(k kind) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count[k]
}

type connKey struct{}

// context is http.Server.ConnContext: a request knows its connection.
func (a *connections) context(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// connOf is a request's connection; nil where these are not counted.
func connOf(r *http.Request) *conn {
	c, _ := r.Context().Value(connKey{}).(*conn)
	return c
}
