package serve

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/coder/websocket"
)

// TestHand draws over a connection through all that stands before the page, which
// ends when the server stops.
func TestHand(t *testing.T) {
	s := tiny(t)
	if _, reply, err := websocket.Dial(t.Context(), s.url+"/api/draw", &websocket.DialOptions{Host: "evil.example"}); err == nil || reply.StatusCode != http.StatusForbidden {
		t.Errorf("for another host: %v, %v", reply, err)
	}
	c, _, err := websocket.Dial(t.Context(), s.url+"/api/draw", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	drawing := append([]byte{16, 0}, make([]byte, 256)...)
	for i := range 5 {
		drawing[2+16*(4+i)+8] = 255
	}
	if err := c.Write(t.Context(), websocket.MessageBinary, drawing); err != nil {
		t.Fatal(err)
	}
	var answer struct{ Models []struct{ Name string } }
	_, content, err := c.Read(t.Context())
	if err == nil {
		err = json.Unmarshal(content, &answer)
	}
	if err != nil || len(answer.Models) == 0 {
		t.Errorf("%v: %s", err, content)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if _, _, err := c.Read(t.Context()); err == nil {
		t.Error("the connection goes on")
	}
}
