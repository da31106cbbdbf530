package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// Limits of what a request may bring. The page sends 140 x 140 pixels.
const (
	maxPNG    = 128 << 10 // bytes
	maxPixels = 256 * 256 // of a drawing
)

// maxJSON is for the largest image that a network takes, in base64, and names.
func (p *Page) maxJSON() int64 {
	largest := 0
	for _, m := range p.source.Models() {
		largest = max(largest, m.size())
	}
	return int64(4<<10 + 2*largest)
}

// costs says what an answer takes of the page's budget.
type costs int

const (
	nothing costs = iota // it is there already, or has a budget of its own
	aTurn                // a place for as long as it takes
	turns                // places that it asks for itself, again and again
)

// route is a method of a path, and what answers with a value or an error.
type route struct {
	method string
	answer func(http.ResponseWriter, *http.Request) (any, error)
	costs  costs
}

// refusal is an error that is the asker's, with its HTTP status.
type refusal struct {
	status int
	text   string
}

func (r refusal) Error() string { return r.text }

func refuse(status int, format string, args ...any) error {
	return refusal{status, fmt.Sprintf(format, args...)}
}

// api answers below /api/.
func (p *Page) api(w http.ResponseWriter, r *http.Request) {
	found, ok := p.routes[r.URL.Path]
	if !ok && (r.URL.Path == "/api/training" || r.URL.Path == "/api/draw") {
		found, ok = route{method: http.MethodGet}, true // their own handlers have the GET
	}
	if !ok {
		fail(w, refuse(http.StatusNotFound, "there is no %s", r.URL.Path))
		return
	}
	if r.Method != found.method {
		w.Header().Set("Allow", found.method)
		fail(w, refuse(http.StatusMethodNotAllowed, "%s takes %s, not %s", r.URL.Path, found.method, r.Method))
		return
	}
	answer, err := any(nil), error(nil)
	if found.costs == nothing {
		answer, err = found.answer(w, r)
	} else {
		answer, err = p.affordable(found, w, r)
	}
	if err != nil {
		fail(w, err)
		return
	}
	write(w, http.StatusOK, answer)
}

// fail answers with an error.
func fail(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	if mine := (refusal{}); errors.As(err, &mine) {
		status = mine.status
	} else if errors.Is(err, ErrBusy) {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "1")
	}
	write(w, status, map[string]string{"error": err.Error()})
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	content, err := encode(v)
	if err != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(content)+1))
	w.WriteHeader(status)
	_, _ = w.Write(append(content, '\n')) // who has gone away needs no answer
}

// encode is an answer as JSON, or an error as one.
func encode(v any) ([]byte, error) {
	content, err := json.Marshal(v)
	if err != nil { // a value that is not finite, from weights that are not
		content = []byte(`{"error":"the answer is not finite"}`)
	}
	return content, err
}

// readJSON reads a body of bounded size.
func (p *Page) readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, p.maxJSON()))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return tooLarge(large.Limit)
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "the body is not the JSON expected: %v", err)
	}
	return nil
}
