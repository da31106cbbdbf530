package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// attack is what many clients do to the page at the same time.
type attack struct {
	name    string
	many    bool                      // as many clients as -open says, not as -attackers
	request func(model string) []byte // what each sends
	client  func(*attacker)           // until the server ends the connection; then comes the next
}

var attacks = []attack{
	{"drawings", false, func(string) []byte { return posted("/api/predict", "image/png", noise(1000)) }, repeat}, // 1 MB each
	{"strokes", false, func(string) []byte { return posted("/api/predict?width=140", "application/octet-stream", stroke()) }, repeat},
	{"evidence", false, func(model string) []byte { return posted("/api/evidence", "application/json", asked(model)) }, repeat},
	{"pens", false, func(string) []byte { return []byte(handshake) }, pen},
	{"streams", true, func(string) []byte { return []byte("GET /api/training HTTP/1.1\r\nHost: localhost\r\n\r\n") }, hold},
	{"hands", true, func(string) []byte { return []byte(handshake) }, hold},
	{"silent", true, func(string) []byte { return nil }, hold},
}

const handshake = "GET /api/draw HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"

// noise is a picture that cannot be packed.
func noise(side int) []byte {
	img, rng := image.NewGray(image.Rect(0, 0, side, side)), rand.New(rand.NewPCG(5, 6))
	for i := range img.Pix {
		img.Pix[i] = byte(rng.Uint32())
	}
	var file bytes.Buffer
	_ = png.Encode(&file, img) // memory takes everything
	return file.Bytes()
}

// stroke is a drawing as the page sends it.
func stroke() []byte {
	gray := make([]byte, 140*140)
	for i := range 1000 {
		gray[(20+i/10)*140+50+i%10+i/40] = 255
	}
	return gray
}

// asked is an image for one of the networks.
func asked(model string) []byte {
	pixels := make([]byte, 28*28)
	for i := range pixels {
		pixels[i] = byte(i)
	}
	return fmt.Appendf(nil, `{"model":%q,"image":%q}`, model, base64.StdEncoding.EncodeToString(pixels))
}

func posted(path, kind string, body []byte) []byte {
	return append(fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", path, kind, len(body)), body...)
}

// tally counts answers by their status, 0 for none; and connections that are open.
type tally struct {
	mu     sync.Mutex
	status map[int]int
	held   atomic.Int64
	begun  chan struct{} // closed when the first has an answer, or is connected and wants none
	once   sync.Once
}

func newTally() *tally { return &tally{status: make(map[int]int), begun: make(chan struct{})} }

func (t *tally) note(status int) {
	t.mu.Lock()
	t.status[status]++
	t.mu.Unlock()
	t.once.Do(func() { close(t.begun) })
}

// hold counts an open connection, until it is let go.
func (t *tally) hold() (letGo func()) {
	t.held.Add(1)
	t.once.Do(func() { close(t.begun) })
	return func() { t.held.Add(-1) }
}

func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []string
	for status, n := range t.status {
		list = append(list, fmt.Sprintf("%d: %d", status, n))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// attacker is one connection of an attack.
type attacker struct {
	net.Conn
	r       *bufio.Reader
	request []byte // what is repeated
	tally   *tally
}

// answer reads an answer; false is that the connection is no more of use.
func (a *attacker) answer() (status int, goesOn bool) {
	reply, err := http.ReadResponse(a.r, nil)
	if err != nil {
		return 0, false
	}
	if reply.StatusCode == http.StatusSwitchingProtocols || reply.Header.Get("Content-Type") == "text/event-stream" {
		return reply.StatusCode, true
	}
	_, err = io.Copy(io.Discard, reply.Body)
	return reply.StatusCode, err == nil && !reply.Close
}

// repeat sends a request again as soon as it is answered.
func repeat(a *attacker) {
	for goesOn := true; goesOn; {
		_, _ = a.Write(a.request) // a refusal may come before all is written
		var status int
		status, goesOn = a.answer()
		a.tally.note(status)
	}
}

// hold asks once and keeps the connection for as long as the server does.
func hold(a *attacker) {
	if len(a.request) > 0 {
		_, _ = a.Write(a.request)
		status, goesOn := a.answer()
		if a.tally.note(status); !goesOn {
			return
		}
	}
	defer a.tally.hold()()
	_, _ = io.Copy(io.Discard, a.r)
}

// pen draws on one connection, a drawing as soon as the last is answered.
func pen(a *attacker) {
	_, _ = a.Write(a.request)
	status, goesOn := a.answer()
	if a.tally.note(status); !goesOn || status != http.StatusSwitchingProtocols {
		return
	}
	message := append([]byte{140, 0}, stroke()...)
	frame := append([]byte{0x82, 0x80 | 126, byte(len(message) >> 8), byte(len(message)), 0, 0, 0, 0}, message...) // masked with zeros
	for {
		if _, err := a.Write(frame); err != nil {
			return
		}
		head := make([]byte, 4)
		if _, err := io.ReadFull(a.r, head[:2]); err != nil {
			return
		}
		n := int(head[1])
		if n == 126 {
			if _, err := io.ReadFull(a.r, head[2:]); err != nil {
				return
			}
			n = int(head[2])<<8 | int(head[3])
		}
		content := make([]byte, n)
		if _, err := io.ReadFull(a.r, content); err != nil {
			return
		}
		var said struct{ Error string }
		if status = http.StatusOK; json.Unmarshal(content, &said) == nil && said.Error != "" {
			status = http.StatusServiceUnavailable
		}
		a.tally.note(status)
	}
}

// begin lets a crowd attack until ctx ends. wait returns when it has gone.
func (k attack) begin(ctx context.Context, addr, model string, s settings, t *tally) (wait func()) {
	var group sync.WaitGroup
	request, clients := k.request(model), s.attackers
	if k.many {
		clients = s.open
	}
	for range clients {
		group.Go(func() {
			for ctx.Err() == nil {
				k.once(ctx, addr, request, t)
			}
		})
	}
	return group.Wait
}

// once attacks on a new connection, until either side ends it.
func (k attack) once(ctx context.Context, addr string, request []byte, t *tally) {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	c, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		time.Sleep(10 * time.Millisecond)
		return
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	k.client(&attacker{Conn: c, r: bufio.NewReader(c), request: request, tally: t})
}
