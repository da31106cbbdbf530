package command

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"stheno/cmd/internal/commandtest"
)

const (
	askStream = "GET /api/training HTTP/1.1\r\nHost: localhost\r\n\r\n"
	askHand   = "GET /api/draw HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)

// head reads an answer's status and headers; a refusal's body too.
func head(t testing.TB, c net.Conn) reply {
	t.Helper()
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{status: answer.StatusCode, header: answer.Header}
	if answer.StatusCode >= 400 {
		body, _ := io.ReadAll(answer.Body)
		r.body = string(body)
	}
	return r
}

// TestStreamsAndHandsLeaveRoom: of more open streams and hands than there may be the
// others are told so, in order, and counted; probes and programs get in; and a place
// that becomes free is taken.
func TestStreamsAndHandsLeaveRoom(t *testing.T) {
	s := tiny(t)
	for k, ask := range map[kind]string{stream: askStream, hand: askHand} {
		const more = 12
		var open []net.Conn
		for i := range maxOfKind[k] + more {
			c := dial(t, s, ask)
			r := head(t, c)
			if i < maxOfKind[k] {
				open = append(open, c)
				if r.status != http.StatusOK && r.status != http.StatusSwitchingProtocols {
					t.Fatalf("%s %d: %v", kindNames[k], i, r)
				}
				continue
			}
			var body struct{ Error string }
			if r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") == "" || json.Unmarshal([]byte(r.body), &body) != nil || !strings.Contains(body.Error, "too many connections") {
				t.Fatalf("%s %d, which is too many: %v", kindNames[k], i, r)
			}
		}
		if r := get(t, s.url+"/v2/health/live"); r.status != http.StatusOK {
			t.Errorf("a probe: %v", r)
		}
		parseAnswer(t, post(t, s.url+inferPath, goodBody))
		text := get(t, s.url+"/metrics").body
		for _, line := range []string{
			fmt.Sprintf("stheno_connections{kind=%q} %d", kindNames[k], maxOfKind[k]),
			fmt.Sprintf("stheno_connections_refused_total{kind=%q} %d", kindNames[k], more),
		} {
			if !strings.Contains(text, line+"\n") {
				t.Errorf("/metrics has no line %s", line)
			}
		}
		if n := strings.Count(s.log.String(), "connections: "+kindNames[k]); n != 1 {
			t.Errorf("%d lines of the log say that there are too many of %s: %s", n, kindNames[k], s.log.String())
		}
		open[0].Close()
		await(t, "a free place", func() bool { r := head(t, dial(t, s, ask)); return r.status < 400 })
	}
}

// fewConnections are connections of which few are let in; connect makes one.
func fewConnections(t *testing.T) (all *connections, dismissed *[]kind, connect func() (client net.Conn, server *conn)) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dismissed = new([]kind)
	all = newConnections(l, func(k kind) { *dismissed = append(*dismissed, k) })
	t.Cleanup(func() { all.Close() })
	all.most, all.mostOf = 6, [kinds]int{silent: 6, probe: 2, program: 2, visitor: 2, stream: 2, hand: 2, refused: 6}
	return all, dismissed, func() (net.Conn, *conn) {
		t.Helper()
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		server, err := all.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { client.Close(); server.Close() })
		return client, server.(*conn)
	}
}

// isClosed says whether a client's connection has been ended by the server.
func isClosed(c net.Conn) bool {
	c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	_, err := c.Read(make([]byte, 1))
	timeout, ok := err.(net.Error)
	return err != nil && !(ok && timeout.Timeout())
}

// TestSilentMakeRoom: who has asked nothing goes for who comes, the oldest first; who
// is answered stays.
func TestSilentMakeRoom(t *testing.T) {
	all, dismissed, connect := fewConnections(t)
	_, asking := connect()
	if !asking.begin(program) {
		t.Fatal("a program is not let in")
	}
	var clients []net.Conn
	for range 7 {
		c, _ := connect()
		clients = append(clients, c)
	}
	for i, c := range clients {
		if got, want := isClosed(c), i < 2; got != want {
			t.Errorf("silent connection %d is closed: %v", i, got)
		}
	}
	if n := all.open(silent); n != 5 || all.open(program) != 1 || !slices.Equal(*dismissed, []kind{silent, silent}) {
		t.Errorf("%d silent, %d programs, dismissed %v", n, all.open(program), *dismissed)
	}
}

// TestRestingMakesRoom: of a kind that is full the connection that has rested longest
// goes for one that asks; if all are answered, the new one is refused.
func TestRestingMakesRoom(t *testing.T) {
	all, dismissed, connect := fewConnections(t)
	first, a := connect()
	_, b := connect()
	_, c := connect()
	_, d := connect()
	if !a.begin(program) || !b.begin(program) {
		t.Fatal("the first two are not let in")
	}
	if c.begin(program) || all.open(refused) != 1 {
		t.Error("a third program while two are answered")
	}
	if isClosed(first) {
		t.Error("one that is answered is closed")
	}
	a.end()
	b.end()
	if !d.begin(program) || !isClosed(first) || all.open(program) != 2 || !slices.Equal(*dismissed, []kind{program}) {
		t.Errorf("a third program while two rest: %d are open, dismissed %v", all.open(program), *dismissed)
	}
	if a.begin(program) {
		t.Error("one that has been dismissed is answered")
	}
	if !b.begin(visitor) || all.open(program) != 1 || all.open(visitor) != 1 {
		t.Errorf("a connection that asks for the page: %d programs, %d of the page", all.open(program), all.open(visitor))
	}
	for range 2 { // twice, as net/http may
		b.Close()
		d.Close()
	}
	if all.open(program) != 0 || all.open(visitor) != 0 {
		t.Errorf("%d programs, %d of the page, of none", all.open(program), all.open(visitor))
	}
}

func TestKindOf(t *testing.T) {
	for line, want := range map[string]kind{
		"GET /v2": probe, "GET /v2/health/live": probe, "HEAD /v2/models/mlp/ready": probe, "GET /v1/models/mlp": probe, "GET /metrics": probe, "OPTIONS /": probe,
		"POST /v2/models/mlp/infer": program, "POST /v1/models/mlp:predict": program,
		"GET /api/training": stream, "GET /api/draw": hand,
		"GET /": visitor, "GET /ui/app.js": visitor, "POST /api/predict": visitor, "POST /api/training/stop": visitor, "POST /api/draw": visitor, "GET /v2x": visitor, "POST /metrics": visitor,
	} {
		method, path, _ := strings.Cut(line, " ")
		r, err := http.NewRequest(method, "http://localhost"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := kindOf(r); got != want {
			t.Errorf("%s: %s, expected %s", line, kindNames[got], kindNames[want])
		}
	}
}

// TestLine: some are heard at once, the others one after the other, and nobody waits
// longer than clients do.
func TestLine(t *testing.T) {
	l := line{spacing: awaySpacing}
	now := time.Now()
	for i := range 3000 {
		want := min(max(0, time.Duration(i-atOnce)*awaySpacing), longestWait)
		if got := l.turn(now); got != want && got != longestWait {
			t.Fatalf("number %d waits %v, expected %v", i, got, want)
		}
	}
	if got := l.turn(now.Add(longestWait)); got > 2*awaySpacing {
		t.Errorf("when all have been heard the next one waits %v", got)
	}
}

// TestNotices: the log hears of what goes on once in a while, and how often it was.
func TestNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log commandtest.Buffer
		n := notices{log: slog.New(slog.NewTextHandler(&log, nil))}
		for range 100 {
			n.note("a")
			n.note("b")
		}
		if text := log.String(); strings.Count(text, "what=a times=1\n") != 1 || strings.Count(text, "\n") != 2 {
			t.Errorf("at first: %s", text)
		}
		time.Sleep(quiet)
		n.note("a")
		if text := log.String(); strings.Count(text, "what=a times=100\n") != 1 || strings.Count(text, "\n") != 3 {
			t.Errorf("a while later: %s", text)
		}
	})
}
