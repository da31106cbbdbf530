package command

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// Every body may have freeBody bytes; what is more is taken from a budget that
// all share. So many slow clients with large bodies cannot take all memory, and
// a small request is never refused for want of it.
const (
	freeBody   = 64 << 10
	bodyBudget = 256 << 20
)

// bodies reads requests' bodies within bounds.
type bodies struct {
	limit int64 // of one body
	taken atomic.Int64
}

var errBusyMemory = errors.New("too many large requests at a time")

// buffers are for bodies of an image or two.
var buffers = sync.Pool{New: func() any { return new([8 << 10]byte) }}

// read reads a body. release gives its memory back: nothing of the body may be
// used then.
func (l *bodies) read(w http.ResponseWriter, r *http.Request) (body string, release func(), err error) {
	held, own := int64(0), buffers.Get().(*[8 << 10]byte)
	release = func() { l.taken.Add(-held); buffers.Put(own) }
	if r.ContentLength > l.limit {
		return "", release, &http.MaxBytesError{Limit: l.limit}
	}
	reader := http.MaxBytesReader(w, r.Body, l.limit)
	buffer := own[:0]
	if r.ContentLength >= int64(len(own)) {
		buffer = make([]byte, 0, min(r.ContentLength+1, freeBody))
	}
	for {
		n, err := reader.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		if err == io.EOF {
			return unsafe.String(unsafe.SliceData(buffer), len(buffer)), release, nil // nobody writes to it until release
		}
		if err != nil {
			return "", release, err
		}
		if len(buffer) < cap(buffer) {
			continue
		}
		size := int64(min(2*len(buffer), int(l.limit)+1))
		if more := size - max(int64(cap(buffer)), freeBody); more > 0 {
			held += more
			if l.taken.Add(more) > bodyBudget {
				return "", release, errBusyMemory
			}
		}
		buffer = append(make([]byte, 0, size), buffer...)
	}
}

// bodyError is the answer to a body that could not be read; status 0 is none,
// as the client is gone.
func bodyError(err error) (status int, message string) {
	var large *http.MaxBytesError
	var timeout net.Error
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, fmt.Sprintf("the request's body has more than %d bytes", large.Limit)
	case errors.Is(err, errBusyMemory):
		return http.StatusServiceUnavailable, err.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		return http.StatusRequestTimeout, "the request's body has not come in time"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return http.StatusBadRequest, "the request's body ends early"
	}
	return http.StatusBadRequest, "the request's body cannot be read: " + err.Error()
}

// What is read of the body of a request that is refused: proxies send all of it
// before they listen, and take a connection that is closed meanwhile for an error
// of the server.
const (
	restBody = 256 << 10              // bytes
	restTime = 500 * time.Millisecond // for a client that sends slowly, or not at all
)

// takeRest reads what a request still sends, before it is refused. If that is more
// than it may be, net/http gives the client some time to read the answer before the
// connection is gone.
func takeRest(w http.ResponseWriter, r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody || r.Header.Get("Expect") != "" { // whoever expects sends nothing before he is told to
		return
	}
	control := http.NewResponseController(w)
	if control.SetReadDeadline(time.Now().Add(restTime)) != nil {
		return // there is no connection
	}
	_, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, restBody))
	if err != nil {
		w.Header().Set("Connection", "close")
	}
	_ = control.SetReadDeadline(time.Now().Add(readTimeout)) // the connection may go on
}
