package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stheno/cmd/serve/internal/registry"
	"stheno/nets/run"
)

const (
	inferPath = "/v2/models/mlp/infer"
	goodBody  = `{"inputs":[{"name":"image","shape":[1,6],"datatype":"UINT8","data":[0,255,9,40,0,128]}]}`
)

// dial sends text as it is and returns the connection.
func dial(t testing.TB, s *served, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

func readAnswer(t testing.TB, c net.Conn) reply {
	t.Helper()
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	return reply{answer.StatusCode, string(body), answer.Header}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// TestHugeBody: a gigabyte is refused by its announcement, or as soon as the
// limit has been read, without memory for it.
func TestHugeBody(t *testing.T) {
	s := tiny(t)
	before := allocated()
	c := dial(t, s, "POST "+inferPath+" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1073741824\r\n\r\n{")
	if r := readAnswer(t, c); r.status != http.StatusRequestEntityTooLarge || !strings.Contains(r.body, "more than 8388608 bytes") {
		t.Errorf("announced: %v", r)
	}
	sent := atomic.Int64{}
	r, w := io.Pipe()
	go func() {
		chunk := bytes.Repeat([]byte(" "), 1<<16)
		for range 1 << 14 {
			n, err := w.Write(chunk)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
		w.Close()
	}()
	request, err := http.NewRequest(http.MethodPost, s.url+inferPath, r)
	if got := do(t, request, err); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("chunked: %v", got)
	}
	r.Close()
	if n := sent.Load(); n > 64<<20 {
		t.Errorf("%d bytes were taken before the refusal", n)
	}
	if n := allocated() - before; n > 128<<20 {
		t.Errorf("%d bytes of memory for two bodies that were refused", n)
	}
	if n := s.bodies.taken.Load(); n != 0 {
		t.Errorf("%d bytes of the budget have not come back", n)
	}
	parseAnswer(t, post(t, s.url+inferPath, goodBody))
}

// TestBodyBudget: large bodies share a budget; small ones need none.
func TestBodyBudget(t *testing.T) {
	s := tiny(t)
	large := goodBody + strings.Repeat(" ", 1<<20)
	parseAnswer(t, post(t, s.url+inferPath, large))
	s.bodies.taken.Store(bodyBudget)
	if r := post(t, s.url+inferPath, large); r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") == "" || !strings.Contains(r.body, "too many large requests") {
		t.Errorf("without budget: %v", r)
	}
	parseAnswer(t, post(t, s.url+inferPath, goodBody))
	if n := s.bodies.taken.Load(); n != bodyBudget {
		t.Errorf("the budget is %d, expected %d", n, bodyBudget)
	}
}

func TestHugeHeader(t *testing.T) {
	s := tiny(t)
	c := dial(t, s, "GET /v2 HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("x", 40000)+"\r\n\r\n")
	if r := readAnswer(t, c); r.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%v", r)
	}
	parseAnswer(t, post(t, s.url+inferPath, goodBody))
}

// TestTinyChunks: a body in a million chunks of one byte is a body.
func TestTinyChunks(t *testing.T) {
	s := tiny(t)
	var text bytes.Buffer
	fmt.Fprintf(&text, "POST %s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", inferPath)
	for _, b := range []byte(goodBody + strings.Repeat(" ", 1_000_000)) {
		fmt.Fprintf(&text, "1\r\n%c\r\n", b)
	}
	text.WriteString("0\r\n\r\n")
	before := allocated()
	parseAnswer(t, readAnswer(t, dial(t, s, text.String())))
	if n := allocated() - before; n > 32<<20 {
		t.Errorf("%d bytes of memory for a megabyte", n)
	}
}

// TestWrongBodies end early or are packed.
func TestWrongBodies(t *testing.T) {
	s := tiny(t)
	c := dial(t, s, "POST "+inferPath+" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
	c.(*net.TCPConn).CloseWrite()
	if r := readAnswer(t, c); r.status != http.StatusBadRequest || !strings.Contains(r.body, "ends early") {
		t.Errorf("cut off: %v", r)
	}
	for header, want := range map[string]int{"Content-Encoding": http.StatusUnsupportedMediaType, "Inference-Header-Content-Length": http.StatusBadRequest} { // the JSON is cut off
		r, err := http.NewRequest(http.MethodPost, s.url+inferPath, strings.NewReader(goodBody))
		r.Header.Set(header, "17")
		if got := do(t, r, err); got.status != want {
			t.Errorf("%s: %v", header, got)
		}
	}
}

// TestSlowClients: hundreds that send their body for ever, and others that send
// not even headers, keep nobody from an answer.
func TestSlowClients(t *testing.T) {
	s := tiny(t, "-queue", "8")
	var last net.Conn
	for i := range 500 {
		text := "POST " + inferPath + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{"
		if i%5 == 0 {
			text = "POST "
		}
		last = dial(t, s, text)
	}
	parseAnswer(t, post(t, s.url+inferPath, goodBody))
	last.SetReadDeadline(time.Now().Add(time.Millisecond))
	if n, err := last.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a request is answered only when the slow ones are cut off: %v", err)
	}
	for range 99 {
		parseAnswer(t, post(t, s.url+inferPath, goodBody))
	}
	if n := s.models.Model("mlp").Taken(); n != 0 {
		t.Errorf("slow clients hold %d places", n)
	}
}

// TestQueueFull: 503 with Retry-After at once, and as before when there is room.
func TestQueueFull(t *testing.T) {
	s := tiny(t, "-queue", "3")
	var places []registry.Place
	for range 3 {
		p, err := s.models.Model("mlp").Enter()
		if err != nil {
			t.Fatal(err)
		}
		places = append(places, p)
	}
	for range 2 {
		r := post(t, s.url+inferPath, goodBody)
		if r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") != "1" || !strings.Contains(r.body, "queue is full") {
			t.Errorf("%v", r)
		}
	}
	if n := s.count(t, "stheno_refused_total", "mlp"); n != 2 {
		t.Errorf("%v refused, expected 2", n)
	}
	places[0].Leave()
	parseAnswer(t, post(t, s.url+inferPath, goodBody))
	two := strings.NewReplacer("[1,6]", "[2,6]", "[0,2", "[0,0,0,0,0,0,0,2").Replace(goodBody)
	if r := post(t, s.url+inferPath, two); r.status != http.StatusServiceUnavailable {
		t.Errorf("two images where there is room for one: %v", r)
	}
	places[1].Leave()
	places[2].Leave()
	parseAnswer(t, post(t, s.url+inferPath, two))
}

// TestCancel: a client that goes gives its place back, before the wait for more
// requests is over and a model has worked for nobody.
func TestCancel(t *testing.T) {
	s := tiny(t, "-wait", "1s")
	m := s.models.Model("mlp")
	other, err := m.Enter() // whom the request waits for
	if err != nil {
		t.Fatal(err)
	}
	defer other.Leave()
	for attempt := 0; !goes(t, s); attempt++ { // where a busy machine lets the wait end first
		if attempt == 5 {
			t.Fatal("there was an answer")
		}
	}
	before := s.count(t, "stheno_executions_total", "mlp")
	await(t, "its place", func() bool { return m.Taken() == 1 })
	if after := s.count(t, "stheno_executions_total", "mlp"); after != before {
		t.Errorf("%v executions, %v before the client went", after, before)
	}
}

// goes asks, and goes when the request has its place; false says that it was too
// late.
func goes(t *testing.T, s *served) bool {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for ctx.Err() == nil && s.models.Model("mlp").Taken() < 2 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+inferPath, strings.NewReader(goodBody))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err == nil {
		answer.Body.Close()
	}
	return err != nil
}

// TestGuard: names and sites that are not the server's are refused.
func TestGuard(t *testing.T) {
	s := tiny(t, "-host", "Models.example")
	for _, c := range []struct {
		method, host, origin, site string
		status                     int
	}{
		{"POST", "", "", "", 200},
		{"POST", "localhost:1", "", "", 200},
		{"POST", "[::1]:8080", "", "", 200},
		{"POST", "10.0.0.7", "", "", 200},
		{"POST", "models.example:80", "", "", 200},
		{"POST", "models.example", "http://models.example", "", 200},
		{"POST", "", "", "same-origin", 200},
		{"POST", "evil.example", "", "", 403},
		{"GET", "evil.example:8080", "", "", 403},
		{"POST", "evil.example", "http://evil.example", "same-origin", 403}, // DNS rebinding
		{"POST", "", "http://evil.example", "", 403},
		{"POST", "", "null", "", 403},
		{"POST", "", "http://evil.example", "cross-site", 403},
		{"POST", "", "", "same-site", 403},
		{"GET", "", "http://evil.example", "cross-site", 200}, // reads, and the browser keeps the answer from the site
	} {
		path := inferPath
		if c.method == "GET" {
			path = "/v2"
		}
		r, err := http.NewRequest(c.method, s.url+path, strings.NewReader(goodBody))
		if err == nil && c.host != "" {
			r.Host = c.host
		}
		for name, value := range map[string]string{"Origin": c.origin, "Sec-Fetch-Site": c.site} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		if got := do(t, r, err); got.status != c.status || got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// TestReloadWhileServing: every answer is one of the versions', whole; a corrupt
// model changes nothing.
func TestReloadWhileServing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	s := start(t, "-run", write(t, dir, "mlp", small, 3, 1))
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var answers sync.Map // of each version
	for range 4 {
		group.Go(func() {
			for ctx.Err() == nil {
				r := post(t, s.url+inferPath, goodBody)
				a := parseAnswer(t, r)
				if first, known := answers.LoadOrStore(a.ModelVersion, r.body); known && first != r.body {
					t.Errorf("version %s: %s and %s", a.ModelVersion, first, r.body)
				}
			}
		})
	}
	version := func() string { return parseAnswer(t, post(t, s.url+inferPath, goodBody)).ModelVersion }
	write(t, dir, "mlp", small, 3, 2)
	s.reload <- os.Interrupt
	await(t, "version 2", func() bool { return version() >= "2" })
	before := version()
	if err := os.WriteFile(filepath.Join(dir, run.ModelFile), []byte("no weights"), 0o666); err != nil {
		t.Fatal(err)
	}
	s.reload <- os.Interrupt
	await(t, "the refusal", func() bool { return strings.Contains(s.log.String(), "the old one goes on serving") })
	if version() != before || !strings.Contains(s.log.String(), run.ModelFile) || strings.Contains(s.log.String(), "train: ") {
		t.Errorf("version %s, log %s", version(), s.log.String())
	}
	write(t, dir, "mlp", small, 3, 3)
	await(t, "the next version, by itself", func() bool { return version() > before }) // poll
	cancel()
	group.Wait()
}

// TestStop: a server that stops is not ready, lets nobody's request fall, and
// leaves neither goroutines (TestMain) nor descriptors.
func TestStop(t *testing.T) {
	before := descriptors(t)
	s := tiny(t)
	s.grace = grace
	late := dial(t, s, "POST "+inferPath+" HTTP/1.1\r\nHost: localhost\r\nContent-Length: "+fmt.Sprint(len(goodBody))+"\r\n\r\n")
	await(t, "the request", func() bool { return s.handled.Load() == 1 })
	ended := make(chan error, 1)
	go func() { ended <- s.stop() }()
	await(t, "the end's beginning", func() bool { return s.stopping.Load() })
	if r := get(t, s.url+"/v2/health/ready"); r.status != http.StatusServiceUnavailable || r.body != `{"ready":false}`+"\n" || r.header.Get("Retry-After") != "" {
		t.Errorf("/v2/health/ready: %v", r)
	}
	if r := get(t, s.url+"/v2/health/live"); r.status != http.StatusOK {
		t.Errorf("/v2/health/live: %v", r)
	}
	if r := get(t, s.url+"/v2/models/mlp/ready"); r.status != http.StatusServiceUnavailable {
		t.Errorf("/v2/models/mlp/ready: %v", r)
	}
	time.Sleep(grace + 100*time.Millisecond) // nobody is let in any more
	if _, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://")); err == nil {
		t.Error("still listening")
	}
	io.WriteString(late, goodBody)
	parseAnswer(t, readAnswer(t, late))
	if err := <-ended; err != nil {
		t.Error(err)
	}
	late.Close()
	client.CloseIdleConnections()
	await(t, "all descriptors", func() bool { return descriptors(t) <= before })
}

func descriptors(t testing.TB) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}
