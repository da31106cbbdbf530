package page

import (
	"context"
	"encoding/binary"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

// Limits of a connection over which a hand draws.
const (
	drawIdle  = 5 * time.Minute // between two drawings; the page connects again
	drawWrite = 5 * time.Second // for the browser to take an answer; a server that stops waits so long
	maxDrawn  = maxPixels
)

// draw answers a hand that draws with each of its moves, over a connection that
// stays: a request for each costs a browser more than all else that it does for
// an answer. A message is a drawing, the width of its rows in two bytes (little
// endian) and then what readGray takes; its answer, in order, is predict's, or
// an error. When the page closes, the drawing that has been read is answered and
// none behind it. Browsers open such connections across sites: one from a page of
// another host is refused.
func (p *Page) draw(w http.ResponseWriter, r *http.Request) {
	if !p.enter() {
		fail(w, errStops)
		return
	}
	defer p.visits.Done()
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // and has been answered
	}
	defer c.CloseNow()
	c.SetReadLimit(maxDrawn + 2)
	open, cancel := context.WithCancel(r.Context()) // until the page closes
	defer cancel()
	go func() {
		select {
		case <-p.closing:
			cancel()
		case <-open.Done():
		}
	}()
	for p.exchange(r.Context(), open, c) == nil {
	}
}

// exchange answers one message, which must come while open lasts.
func (p *Page) exchange(ctx, open context.Context, c *websocket.Conn) error {
	wait, cancel := context.WithTimeout(open, drawIdle)
	_, message, err := c.Read(wait)
	cancel()
	if err != nil {
		return err
	}
	leave, err := p.budget.turn(ctx)
	if err != nil {
		return err
	}
	var answer any
	if answer, err = p.drawn(ctx, message); err != nil {
		answer = map[string]string{"error": err.Error()}
	}
	content, _ := encode(answer)
	leave()
	late, cancel := context.WithTimeout(ctx, drawWrite)
	defer cancel()
	return c.Write(late, websocket.MessageText, content)
}

// drawn is what the networks say of a message.
func (p *Page) drawn(ctx context.Context, message []byte) (predictJSON, error) {
	if len(message) < 2 {
		return predictJSON{}, refuse(http.StatusBadRequest, "a drawing begins with its width in two bytes")
	}
	p.drawings.note()
	models, shape := p.shown()
	d, err := fromGray(message[2:], int(binary.LittleEndian.Uint16(message)), shape)
	if err != nil {
		return predictJSON{}, err
	}
	return saidOf(ctx, models, d, shape)
}
