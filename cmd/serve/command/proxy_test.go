package command

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stheno/cmd/internal/commandtest"
	"stheno/cmd/serve/internal/registry"
)

// TestPlainChecks: HTTP/1.0 without Host, as HAProxy's plain checks are, hears how
// the server and its models are, and nothing else.
func TestPlainChecks(t *testing.T) {
	s := tiny(t)
	for line, want := range map[string]int{
		"GET /v2/health/live":       200,
		"HEAD /v2/health/ready":     200,
		"OPTIONS /":                 200,
		"GET /v2/models/mlp/ready":  200,
		"GET /v1/models/mlp":        200,
		"GET /v2/models/none/ready": 404,
		"GET /v2":                   403,
		"GET /":                     403,
		"GET /api/models":           403,
		"POST " + inferPath:         403,
	} {
		if r := readAnswer(t, dial(t, s, line+" HTTP/1.0\r\n\r\n")); r.status != want {
			t.Errorf("%s: %v, expected %d", line, r, want)
		}
	}
	if r := readAnswer(t, dial(t, s, "GET /metrics HTTP/1.0\r\n\r\n")); !strings.Contains(r.body, "names no host") {
		t.Errorf("no host: %v", r)
	}
	if r := readAnswer(t, dial(t, s, "GET /v2/health/live HTTP/1.0\r\nHost: evil.example\r\n\r\n")); r.status != http.StatusForbidden {
		t.Errorf("a name that is not the server's: %v", r)
	}
	if r := readAnswer(t, dial(t, s, "GET /v2/health/live HTTP/1.1\r\n\r\n")); r.status != http.StatusBadRequest {
		t.Errorf("HTTP/1.1 without Host: %v", r)
	}
}

// TestNotReadyWithoutModel: a server that has nothing to answer with yet is alive,
// and not ready.
func TestNotReadyWithoutModel(t *testing.T) {
	s := tiny(t)
	if r := get(t, s.url+"/v2/health/ready"); r.status != http.StatusOK {
		t.Errorf("with a model: %v", r)
	}
	empty := &server{options: s.options, log: s.server.log, metrics: s.metrics, admission: s.admission, models: &registry.Registry{}}
	h := httptest.NewServer(empty.handler(http.NotFoundHandler()))
	defer h.Close()
	if r := get(t, h.URL+"/v2/health/ready"); r.status != http.StatusServiceUnavailable || r.body != `{"ready":false}`+"\n" {
		t.Errorf("without a model: %v", r)
	}
	if r := get(t, h.URL+"/v2/health/live"); r.status != http.StatusOK {
		t.Errorf("without a model: %v", r)
	}
}

// TestIPv4: an address of IPv4 is one, 0.0.0.0 too.
func TestIPv4(t *testing.T) {
	dir := write(t, filepath.Join(t.TempDir(), "run"), "mlp", small, 3, 1)
	ctx, cancel := context.WithCancel(t.Context())
	var stdout, stderr commandtest.Buffer
	code := make(chan int)
	go func() { code <- Run(ctx, []string{"-addr", "0.0.0.0:0", dir}, &stdout, &stderr) }()
	await(t, "the server", func() bool { return strings.HasSuffix(stdout.String(), "/\n") })
	_, addr, _ := strings.Cut(strings.TrimSpace(stdout.String()), "http://0.0.0.0:")
	port := strings.TrimSuffix(addr, "/")
	c, err := net.Dial("tcp4", "127.0.0.1:"+port)
	if err != nil {
		t.Fatalf("%v: %s", err, stdout.String())
	}
	c.Close()
	// Whoever wants IPv6 has the same port to himself.
	if l, err := net.Listen("tcp6", "[::]:"+port); err == nil {
		l.Close()
	} else if probe, none := net.Listen("tcp6", "[::1]:0"); none == nil {
		probe.Close()
		t.Errorf("the server has taken IPv6 too: %v", err)
	}
	cancel()
	if c := <-code; c != 0 {
		t.Errorf("exit code %d: %s", c, stderr.String())
	}
	for addr, want := range map[string]string{"0.0.0.0:80": "tcp4", "127.0.0.1:0": "tcp4", "[::]:80": "tcp", ":80": "tcp", "localhost:80": "tcp", "[::ffff:1.2.3.4]:80": "tcp", "nowhere": "tcp"} {
		if got := network(addr); got != want {
			t.Errorf("%s: %s, expected %s", addr, got, want)
		}
	}
}

// TestRefusalsThroughProxies: nginx, by its defaults, asks with HTTP/1.0 for one
// answer, and sends all of a body before it listens. A connection that is reset
// meanwhile it takes for a broken server.
func TestRefusalsThroughProxies(t *testing.T) {
	s := tiny(t, "-queue", "1", "-max-body", "100000")
	place, err := s.models.Model("mlp").Enter()
	if err != nil {
		t.Fatal(err)
	}
	defer place.Leave()
	for line, want := range map[string]int{
		"POST /v2/models/none/infer HTTP/1.0":                             404,
		"POST /v2 HTTP/1.0":                                               405,
		"POST " + inferPath + " HTTP/1.0":                                 503,
		"POST /api/predict HTTP/1.0\r\nOrigin: http://evil.example":       403,
		"POST /api/predict HTTP/1.0\r\nContent-Type: image/png":           413,
		"POST /api/layers HTTP/1.0\r\nContent-Type: application/json":     413,
		"POST /v1/models/mlp:predict HTTP/1.0\r\nContent-Encoding: x-zip": 503,
	} {
		for _, size := range []int{60_000, 200_000, 900_000} {
			if want == 413 && size < 200_000 {
				continue
			}
			c := dial(t, s, fmt.Sprintf("%s\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", line, size))
			body := make([]byte, 10_000)
			for sent := 0; sent < size; sent += len(body) {
				if _, err := c.Write(body); err != nil {
					t.Fatalf("%q after %d of %d bytes: %v", line, sent, size, err)
				}
				if sent == 50_000 {
					time.Sleep(time.Millisecond) // nginx is no faster
				}
			}
			if r := readAnswer(t, c); r.status != want || !strings.HasPrefix(r.body, `{"error":`) {
				t.Errorf("%q with %d bytes: %v, expected %d", line, size, r, want)
			}
			c.Close()
		}
	}
	// Whoever asks before he sends hears the refusal, and is not told to go on.
	c := dial(t, s, "POST /v2/models/none/infer HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 900000\r\n\r\n")
	if r := readAnswer(t, c); r.status != http.StatusNotFound {
		t.Errorf("%v", r)
	}
	c.Close()
}
