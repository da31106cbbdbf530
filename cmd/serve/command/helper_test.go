package command

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"stheno/cmd/internal/commandtest"
)

func TestMain(m *testing.M) {
	// The kernels' threads are kept for the life of a program.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("stheno/graph/kernel.(*team).help"))
}

// write makes dir a run's folder with random weights.
func write(t testing.TB, dir, name string, image [3]int, classes int, seed uint64) string {
	return commandtest.WriteRun(t, dir, name, image, classes, seed, nil)
}

var (
	small = [3]int{2, 3, 1}
	mnist = [3]int{28, 28, 1}
)

// served is a server in this process.
type served struct {
	*server
	url    string
	log    commandtest.Buffer
	reload chan os.Signal
	stop   func() error // ends it and returns its error; may be called again
}

// start serves with flags, until the test ends.
func start(t testing.TB, args ...string) *served {
	t.Helper()
	o, err := parse(args, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	s := &served{reload: make(chan os.Signal)}
	if s.server, err = newServer(o, newLog(o.log, &s.log)); err != nil {
		t.Fatal(err)
	}
	s.grace = 10 * time.Millisecond // TestStop has all of it
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx, l, s.reload) }()
	s.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		client.CloseIdleConnections()
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// tiny serves an MLP for images of 2 x 3 pixels and three classes.
func tiny(t testing.TB, args ...string) *served {
	return start(t, append([]string{"-run", write(t, filepath.Join(t.TempDir(), "run"), "mlp", small, 3, 1)}, args...)...)
}

var client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}

// reply is an answer that has been read.
type reply struct {
	status int
	body   string
	header http.Header
}

func do(t testing.TB, r *http.Request, err error) reply {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{answer.StatusCode, string(body), answer.Header}
}

func get(t testing.TB, url string) reply {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	return do(t, r, err)
}

func post(t testing.TB, url, body string) reply {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	return do(t, r, err)
}

// inferAnswer is the protocol's answer.
type inferAnswer struct {
	ModelName    string `json:"model_name"`
	ModelVersion string `json:"model_version"`
	ID           *string
	Parameters   map[string]any
	Outputs      []struct {
		Name, Datatype string
		Shape          []int
		Data           []float32
	}
}

func parseAnswer(t testing.TB, r reply) (a inferAnswer) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(r.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); r.status != http.StatusOK || err != nil {
		t.Fatalf("status %d, %v: %s", r.status, err, r.body)
	}
	return a
}

// await waits until something has become true.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
