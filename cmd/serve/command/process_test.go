//go:build unix

package command

import (
	"errors"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"stheno/cmd/internal/commandtest"
)

// launch builds the command and starts it with flags; it returns its address.
func launch(t *testing.T, stderr *commandtest.Buffer, args ...string) (*exec.Cmd, string) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a program")
	}
	program := filepath.Join(t.TempDir(), "serve")
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, "stheno/cmd/serve")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	cmd := exec.Command(program, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	var stdout commandtest.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	await(t, "the server: "+stderr.String(), func() bool { return strings.HasSuffix(stdout.String(), "/\n") })
	_, url, _ := strings.Cut(strings.TrimSuffix(stdout.String(), "/\n"), " at ")
	return cmd, url
}

// TestTerminate: SIGTERM while 32 clients ask without a pause. Each request that
// the server has taken gets its answer; only connections may fail.
func TestTerminate(t *testing.T) {
	dir := write(t, filepath.Join(t.TempDir(), "run"), "cnn", mnist, 10, 1)
	var stderr commandtest.Buffer
	cmd, url := launch(t, &stderr, dir)
	body := `{"instances":[[` + strings.Repeat("0,", 783) + "0]]}"
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	defer transport.CloseIdleConnections()
	asking := &http.Client{Timeout: 20 * time.Second, Transport: transport}
	var answered, refused, cut atomic.Int64
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			for {
				answer, err := asking.Post(url+"/v1/models/cnn:predict", "application/json", strings.NewReader(body))
				switch {
				case errors.Is(err, syscall.ECONNREFUSED):
					refused.Add(1)
					return
				case err != nil:
					t.Log(err)
					cut.Add(1)
					return
				}
				text := make([]byte, 1000)
				n, _ := answer.Body.Read(text)
				answer.Body.Close()
				if answer.StatusCode != http.StatusOK || !strings.HasPrefix(string(text[:n]), `{"predictions":[[`) {
					t.Errorf("%d %s", answer.StatusCode, text[:n])
				}
				answered.Add(1)
			}
		})
	}
	await(t, "load", func() bool { return answered.Load() > 200 })
	began := time.Now()
	cmd.Process.Signal(syscall.SIGTERM)
	err := cmd.Wait()
	took := time.Since(began)
	group.Wait()
	if err != nil || took > 10*time.Second {
		t.Errorf("ended with %v after %v: %s", err, took, stderr.String())
	}
	_, count, _ := strings.Cut(stderr.String(), "msg=stopped requests=")
	if n, _ := strconv.ParseInt(strings.TrimSpace(count), 10, 64); n != answered.Load() || n == 0 {
		t.Errorf("%d requests were taken, %d answered, %d connections refused, %d cut: %s", n, answered.Load(), refused.Load(), cut.Load(), stderr.String())
	}
	if !strings.Contains(stderr.String(), "msg=stopping cause=terminated") {
		t.Errorf("log %s", stderr.String())
	}
}

// TestHangup: SIGHUP reads the models again; one that has not changed keeps its
// version, one that has gets the next.
func TestHangup(t *testing.T) {
	var stderr commandtest.Buffer
	dir := write(t, filepath.Join(t.TempDir(), "run"), "mlp", small, 3, 1)
	cmd, url := launch(t, &stderr, dir)
	loaded := func(times int) {
		t.Helper()
		await(t, "the model", func() bool { return strings.Count(stderr.String(), `msg="model loaded"`) == times })
	}
	version := func() string { return parseAnswer(t, post(t, url+inferPath, goodBody)).ModelVersion }
	loaded(1)
	for n := range 2 {
		cmd.Process.Signal(syscall.SIGHUP)
		loaded(n + 2)
	}
	if v := version(); v != "1" {
		t.Errorf("version %s of a model that has not changed: %s", v, stderr.String())
	}
	write(t, dir, "mlp", small, 3, 2)
	cmd.Process.Signal(syscall.SIGHUP)
	await(t, "version 2", func() bool { return version() == "2" })
	client.CloseIdleConnections()
	cmd.Process.Signal(syscall.SIGINT)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, stderr.String())
	}
}
