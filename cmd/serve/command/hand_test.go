package command

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// TestHand draws over a connection through all that stands before the page. A
// server that stops meanwhile answers, and ends the connection.
func TestHand(t *testing.T) {
	s := tiny(t, "-wait", "1s")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for name, o := range map[string]websocket.DialOptions{
		"another host": {Host: "evil.example"},
		"another site": {HTTPHeader: http.Header{"Origin": {"http://evil.example"}}},
	} {
		if _, reply, err := websocket.Dial(ctx, s.url+"/api/draw", &o); err == nil || reply.StatusCode != http.StatusForbidden {
			t.Errorf("for %s: %v, %v", name, reply, err)
		}
	}
	c, _, err := websocket.Dial(ctx, s.url+"/api/draw", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	m := s.models.Model("mlp")
	other, err := m.Enter() // for whose image the drawing waits
	if err != nil {
		t.Fatal(err)
	}
	drawing := append([]byte{16, 0}, make([]byte, 256)...)
	for i := range 5 {
		drawing[2+16*(4+i)+8] = 255
	}
	if err := c.Write(ctx, websocket.MessageBinary, drawing); err != nil {
		t.Fatal(err)
	}
	await(t, "the drawing", func() bool { return m.Taken() == 2 })
	ended := make(chan error, 1)
	go func() { ended <- s.stop() }()
	var answer struct{ Models []struct{ Name string } }
	_, content, err := c.Read(ctx)
	if err == nil {
		err = json.Unmarshal(content, &answer)
	}
	if err != nil || len(answer.Models) == 0 {
		t.Errorf("%v: %s", err, content)
	}
	other.Leave()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, _, err := c.Read(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("the connection goes on: %v", err)
	}
}
