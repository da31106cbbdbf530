package page

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/run"
)

// fixed is a source that does not change.
type fixed struct {
	models []Model
	set    *data.Set
}

func (f fixed) Models() []Model { return f.models }
func (f fixed) Test() *data.Set { return f.set }

// newModel is a network with weights as they are drawn.
func newModel(t testing.TB, net nets.Network) Model {
	t.Helper()
	m, err := nets.New(net, tensor.Float32, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	return Model{Name: m.Name, Predictor: nets.NewPredictor(m), Config: run.Config{Params: m.Params(), Data: run.Source{Image: m.Input}}}
}

// tiny is a network of two convolutions for images of 28 x 28.
var tiny = nets.Network{Name: "tiny", Input: [3]int{28, 28, 1}, Layers: []nets.Layer{
	nets.Conv2D{Filters: 2, Side: 3, Activation: nets.ReLU}, nets.Conv2D{Filters: 3, Side: 5},
	nets.Flatten{}, nets.Dense{Units: 4},
}}

// images are n test images of noise, with labels 0 to 3 in turn.
func images(n int) *data.Set {
	rng := rand.New(rand.NewPCG(3, 4))
	s := &data.Set{Height: 28, Width: 28, Channels: 1}
	for i := range n {
		s.Labels = append(s.Labels, byte(i%4))
		for range 784 {
			s.Pixels = append(s.Pixels, byte(rng.IntN(256)))
		}
	}
	return s
}

// script is a training that tells what the test has it tell.
type script struct {
	events chan Event
	did    []string
}

func (s *script) State() State                        { return State{State: "training", Model: "tiny", Text: "it learns"} }
func (s *script) Events(context.Context) <-chan Event { return s.events }
func (s *script) Pause()                              { s.did = append(s.did, "pause") }
func (s *script) Resume()                             { s.did = append(s.did, "resume") }
func (s *script) Stop()                               { s.did = append(s.did, "stop") }

// request asks a page and decodes its JSON.
func request(t testing.TB, p http.Handler, method, path, kind string, body []byte, answer any) int {
	t.Helper()
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("%s %s: Content-Type %q: %s", method, path, got, w.Body)
	}
	if answer != nil {
		if err := json.Unmarshal(w.Body.Bytes(), answer); err != nil {
			t.Fatalf("%s %s: %v: %s", method, path, err, w.Body)
		}
	}
	return w.Code
}

// post posts JSON and expects 200.
func post(t testing.TB, p http.Handler, path string, body, answer any) {
	t.Helper()
	content, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if code := request(t, p, http.MethodPost, path, "application/json", content, answer); code != http.StatusOK {
		t.Fatalf("%s: %d: %v", path, code, answer)
	}
}

// refused expects a status and an error that says something.
func refused(t testing.TB, p http.Handler, method, path, kind string, body []byte, status int, says string) {
	t.Helper()
	var answer struct{ Error string }
	if code := request(t, p, method, path, kind, body, &answer); code != status || !strings.Contains(answer.Error, says) {
		t.Errorf("%s %s with %.40q: %d %q, expected %d and %q", method, path, body, code, answer.Error, status, says)
	}
}

// drawing is a PNG with a white bar on black, or with nothing.
func drawing(t testing.TB, side int, ink bool) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, side, side))
	for y := side / 4; ink && y < 3*side/4; y++ {
		for x := side / 10; x < side/5; x++ {
			img.SetGray(x, y, color.Gray{255})
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}
