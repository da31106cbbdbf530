package page

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"stheno/nets"
)

// hand is a hand that draws on a page that is really served.
type hand struct {
	testing.TB
	*websocket.Conn
}

func newHand(t testing.TB, p http.Handler, origin string) (hand, *http.Response, error) {
	t.Helper()
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	if origin == "" {
		origin = server.URL
	}
	c, reply, err := websocket.Dial(t.Context(), server.URL+"/api/draw", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}}})
	if err == nil {
		t.Cleanup(func() { c.CloseNow() })
	}
	return hand{t, c}, reply, err
}

func (h hand) send(message []byte) {
	h.Helper()
	if err := h.Write(h.Context(), websocket.MessageBinary, message); err != nil {
		h.Fatal(err)
	}
}

// next is the next message.
func (h hand) next() ([]byte, error) {
	ctx, cancel := context.WithTimeout(h.Context(), time.Minute)
	defer cancel()
	_, content, err := h.Read(ctx)
	return content, err
}

func (h hand) read(answer any) {
	h.Helper()
	content, err := h.next()
	if err == nil {
		err = json.Unmarshal(content, answer)
	}
	if err != nil {
		h.Fatalf("%v: %s", err, content)
	}
}

// drawnBytes is what drawing has, as a message.
func drawnBytes(t testing.TB, side int, ink bool) []byte {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(drawing(t, side, ink)))
	if err != nil {
		t.Fatal(err)
	}
	return append(binary.LittleEndian.AppendUint16(nil, uint16(side)), picture.(*image.Gray).Pix...)
}

// TestDraw sends drawings ahead of their answers, which come in order and are
// those that requests get.
func TestDraw(t *testing.T) {
	p, _ := newPage(t)
	h, _, err := newHand(t, p, "")
	if err != nil {
		t.Fatal(err)
	}
	var asked, empty, again predictJSON
	request(t, p, "POST", "/api/predict", "image/png", drawing(t, 100, true), &asked)
	h.send(drawnBytes(t, 100, false))
	h.send(drawnBytes(t, 100, true))
	h.read(&empty)
	h.read(&again)
	if !empty.Empty || len(empty.Models) > 0 {
		t.Errorf("an empty pad: %+v", empty)
	}
	if !bytes.Equal(again.Image, asked.Image) || len(again.Models) != 2 || !slices.Equal(again.Models[1].Probabilities, asked.Models[1].Probabilities) {
		t.Errorf("a drawing has another answer than by request: %+v", again.Models)
	}
}

// TestDrawRefuses what is no drawing, and answers the next one.
func TestDrawRefuses(t *testing.T) {
	m := newModel(t, tiny)
	busy := true
	m.Predict = func(_ context.Context, images []float32) (nets.Scores, error) {
		if busy {
			return nets.Scores{}, ErrBusy
		}
		return m.Predictor.Predict(images)
	}
	h, _, err := newHand(t, New(fixed{models: []Model{m}}, nil), "")
	if err != nil {
		t.Fatal(err)
	}
	for message, says := range map[string]string{
		"":                               "width in two bytes",
		"\x02\x00xyz":                    "3 bytes are no drawing of rows of 2",
		"\x00\x00xyz":                    "rows of 0",
		"\x02\x00":                       "0 bytes",
		string(drawnBytes(t, 100, true)): "the queue is full",
	} {
		var answer struct{ Error string }
		h.send([]byte(message))
		if h.read(&answer); !strings.Contains(answer.Error, says) {
			t.Errorf("%.20q: %q, expected %q", message, answer.Error, says)
		}
	}
	busy = false
	var said predictJSON
	h.send(drawnBytes(t, 100, true))
	if h.read(&said); len(said.Models) != 1 {
		t.Errorf("after all that: %+v", said)
	}
	h.send(make([]byte, maxDrawn+3))
	if _, err := h.next(); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("a message that is too long: %v", err)
	}
}

// TestDrawAcrossSites: a page of another host gets no connection.
func TestDrawAcrossSites(t *testing.T) {
	p, _ := newPage(t)
	_, reply, err := newHand(t, p, "http://elsewhere.example")
	if err == nil || reply.StatusCode != http.StatusForbidden {
		t.Errorf("%v, %v", reply, err)
	}
	if code := request(t, p, "POST", "/api/draw", "", nil, nil); code != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d", code)
	}
}

// TestDrawEnds: who closes the page waits for the answer to a drawing, but not for
// a hand that rests, and nobody draws then.
func TestDrawEnds(t *testing.T) {
	m := newModel(t, tiny)
	asked, closed := make(chan bool), make(chan bool)
	var answered atomic.Bool
	var p *Page
	m.Predict = func(ctx context.Context, images []float32) (nets.Scores, error) {
		close(asked)
		<-p.closing
		time.Sleep(50 * time.Millisecond) // for who would give the drawing up
		if err := ctx.Err(); err != nil {
			return nets.Scores{}, err
		}
		answered.Store(true)
		return m.Predictor.Predict(images)
	}
	p = New(fixed{models: []Model{m}}, nil)
	h, _, err := newHand(t, p, "")
	if err != nil {
		t.Fatal(err)
	}
	h.send(drawnBytes(t, 100, true))
	<-asked
	go func() { p.Close(); closed <- answered.Load() }()
	var said predictJSON
	if h.read(&said); len(said.Models) != 1 {
		t.Errorf("said as the page closes: %+v", said)
	}
	if _, err := h.next(); websocket.CloseStatus(err) == -1 && !errors.Is(err, io.EOF) {
		t.Errorf("the connection goes on: %v", err)
	}
	select {
	case waited := <-closed:
		if !waited {
			t.Error("the page has not waited for the answer")
		}
	case <-time.After(time.Minute):
		t.Fatal("the page does not close")
	}
	if _, reply, err := newHand(t, p, ""); err == nil || reply.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("drawn on a page that is closed: %v, %v", reply, err)
	}
}
