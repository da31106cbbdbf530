package page

import (
	"bufio"
	"bytes"
	"context"
	"image"
	"image/png"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/train"
)

func newPage(t testing.TB) (*Page, fixed) {
	t.Helper()
	mlp := nets.MLP([3]int{28, 28, 1}, 4)
	f := fixed{[]Model{newModel(t, mlp), newModel(t, tiny)}, images(300)}
	return New(f, nil), f
}

func TestPredict(t *testing.T) {
	p, f := newPage(t)
	var drawn, again predictJSON
	if code := request(t, p, "POST", "/api/predict", "image/png", drawing(t, 100, true), &drawn); code != 200 {
		t.Fatalf("status %d", code)
	}
	x, y, sum := 0.0, 0.0, 0.0
	for i, v := range drawn.Image {
		x, y, sum = x+float64(v)*float64(i%28), y+float64(v)*float64(i/28), sum+float64(v)
	}
	if drawn.Empty || len(drawn.Image) != 784 || math.Abs(x/sum-14) > 0.6 || math.Abs(y/sum-14) > 0.6 {
		t.Errorf("a bar at the side is not centred: %v, %v of %d bytes", x/sum, y/sum, len(drawn.Image))
	}
	scores, err := f.models[1].Predictor.Predict(data.Scaled[float32](drawn.Image))
	if err != nil {
		t.Fatal(err)
	}
	if len(drawn.Models) != 2 || drawn.Models[1].Name != "tiny" || !slices.Equal(drawn.Models[1].Probabilities, scores.Probabilities) {
		t.Errorf("said is %+v, expected %v", drawn.Models, scores.Probabilities)
	}
	post(t, p, "/api/predict", map[string]any{"image": drawn.Image}, &again)
	if !bytes.Equal(again.Image, drawn.Image) || !slices.Equal(again.Models[1].Probabilities, scores.Probabilities) {
		t.Error("the same image as JSON has another answer")
	}
	picture, err := png.Decode(bytes.NewReader(drawing(t, 100, true)))
	if err != nil {
		t.Fatal(err)
	}
	var gray predictJSON
	if request(t, p, "POST", "/api/predict?width=100", "application/octet-stream", picture.(*image.Gray).Pix, &gray); !bytes.Equal(gray.Image, drawn.Image) {
		t.Error("the drawing's bytes have another answer than its PNG")
	}
	var empty predictJSON
	if request(t, p, "POST", "/api/predict", "image/png", drawing(t, 100, false), &empty); !empty.Empty || len(empty.Models) > 0 {
		t.Errorf("an empty pad: %+v", empty)
	}
}

// TestPredictThroughQueue: a drawing goes where its model says, and may find that
// busy.
func TestPredictThroughQueue(t *testing.T) {
	m := newModel(t, tiny)
	asked, busy := 0, false
	m.Predict = func(_ context.Context, images []float32) (nets.Scores, error) {
		if asked++; busy {
			return nets.Scores{}, ErrBusy
		}
		return m.Predictor.Predict(images)
	}
	p := New(fixed{models: []Model{m}}, nil)
	var said predictJSON
	if code := request(t, p, "POST", "/api/predict", "image/png", drawing(t, 100, true), &said); code != 200 || asked != 1 || len(said.Models) != 1 {
		t.Errorf("status %d, asked %d times: %+v", code, asked, said)
	}
	busy = true
	refused(t, p, "POST", "/api/predict", "image/png", drawing(t, 100, true), 503, "the queue is full")
}

// TestEvidenceIsGivenUp: nobody computes what nobody waits for.
func TestEvidenceIsGivenUp(t *testing.T) {
	m, p := newModel(t, tiny), New(fixed{}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	images := make([]float32, 40*m.size())
	all, err := p.inTurns(ctx, m, images)
	whole, _ := m.Predictor.Predict(images)
	if err != nil || !slices.Equal(all.Logits, whole.Logits) {
		t.Errorf("in turns: %v", err)
	}
	cancel()
	if some, err := p.inTurns(ctx, m, images); err == nil || len(some.Logits) > 0 {
		t.Errorf("%d logits for one who has gone, %v", len(some.Logits), err)
	}
}

func TestRefusals(t *testing.T) {
	p, _ := newPage(t)
	drawn := drawing(t, 100, true)
	body := `{"model":"tiny","image":"` + strings.Repeat("AAAA", 261) + `AA=="}`
	for _, c := range []struct {
		method, path, kind, body string
		status                   int
		says                     string
	}{
		{"POST", "/api/predict", "image/png", "no picture", 400, "neither PNG"},
		{"POST", "/api/predict", "image/png", string(drawn[:90]), 400, "PNG"},
		{"POST", "/api/predict", "image/png", string(drawing(t, 257, true)), 413, "257 x 257"},
		{"POST", "/api/predict", "image/png", string(drawn) + strings.Repeat("x", maxPNG), 413, "more than"},
		{"POST", "/api/predict", "text/plain", "x", 415, "image/png"},
		{"POST", "/api/predict", "application/octet-stream", "x", 400, "width"},
		{"POST", "/api/predict?width=0", "application/octet-stream", "x", 400, "width"},
		{"POST", "/api/predict?width=2", "application/octet-stream", "xyz", 400, "3 bytes are no drawing of rows of 2"},
		{"POST", "/api/predict?width=2", "application/octet-stream", "", 400, "0 bytes"},
		{"POST", "/api/predict?width=1", "application/octet-stream", strings.Repeat("x", maxPixels+1), 413, "more than"},
		{"POST", "/api/predict", "application/json", `{"image":"AAAA"}`, 400, "3 bytes, 28 x 28 x 1 are 784"},
		{"POST", "/api/predict", "application/json", `{"picture":"AAAA"}`, 400, "unknown field"},
		{"POST", "/api/predict", "application/json", `{"image":"` + strings.Repeat("A", 6<<10), 413, "more than"},
		{"POST", "/api/layers", "application/json", strings.Replace(body, "tiny", "huge", 1), 404, `"huge"`},
		{"POST", "/api/layers", "application/json", `{"model":"tiny"}`, 400, "0 bytes"},
		{"POST", "/api/evidence", "application/json", `[]`, 400, "JSON"},
		{"GET", "/api/predict", "", "", 405, "takes POST"},
		{"POST", "/api/models", "", "", 405, "takes GET"},
		{"DELETE", "/api/training", "", "", 405, "takes GET"},
		{"GET", "/api/nothing", "", "", 404, "no /api/nothing"},
		{"GET", "/api/confusion", "", "", 404, `named ""`},
		{"GET", "/api/tests?model=tiny&label=4", "", "", 400, "label=4"},
		{"GET", "/api/tests?model=tiny&guess=-1", "", "", 400, "guess=-1"},
		{"POST", "/api/training/stop", "", "", 409, "nothing is being trained"},
	} {
		refused(t, p, c.method, c.path, c.kind, []byte(c.body), c.status, c.says)
	}
	none := New(fixed{models: []Model{newModel(t, tiny)}}, nil)
	refused(t, none, "GET", "/api/tests?model=tiny", "", nil, 404, "no test images")
}

func TestLayers(t *testing.T) {
	p, f := newPage(t)
	var seen layersJSON
	pixels := f.set.Pixels[:784]
	post(t, p, "/api/layers", asked{"tiny", pixels}, &seen)
	var names []string
	for _, l := range seen.Layers {
		names = append(names, l.Name)
	}
	if want := "conv2d conv2d_1 dense probabilities"; strings.Join(names, " ") != want {
		t.Fatalf("layers %v, expected %s", names, want)
	}
	one := [2]int{1, 1}
	if a, b, c := seen.Layers[0].Field, seen.Layers[1].Field, seen.Layers[2].Field; *a != (fieldJSON{Size: [2]int{3, 3}, Step: one}) || *b != (fieldJSON{Size: [2]int{7, 7}, Step: one}) || c != nil {
		t.Errorf("receptive fields %v, %v, %v, expected 3, 7, none", a, b, c)
	}
	outputs, err := f.models[1].Predictor.Outputs(data.Scaled[float32](pixels))
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range []layerJSON{seen.Layers[0], seen.Layers[1]} {
		for k, v := range outputs[i].Values {
			if back := l.Low + float32(l.Values[k])/255*(l.High-l.Low); math.Abs(float64(back-v)) > 0.51/255*float64(l.High-l.Low)+1e-6 {
				t.Fatalf("%s, value %d: %v stands for %v", l.Name, k, back, v)
			}
		}
	}
	if k := seen.Layers[0]; len(k.Kernels) != 18 || !slices.Equal(k.KernelShape, []int{3, 3, 1, 2}) || slices.Max(k.Kernels) != 255 && slices.Min(k.Kernels) != 1 {
		t.Errorf("kernels %v of shape %v", k.Kernels, k.KernelShape)
	}
	if seen.Layers[1].Kernels != nil {
		t.Error("kernels of a layer that does not see the image")
	}
}

// TestEvidence holds one patch against two predictions, and the sign.
func TestEvidence(t *testing.T) {
	p, f := newPage(t)
	pixels := make([]byte, 784)
	pixels[10*28+13] = 200 // the one pixel of ink: every patch that covers it takes all
	var seen evidenceJSON
	post(t, p, "/api/evidence", asked{"tiny", pixels}, &seen)
	with, err := f.models[1].Predictor.Predict(data.Scaled[float32](pixels))
	if err != nil {
		t.Fatal(err)
	}
	without, err := f.models[1].Predictor.Predict(make([]float32, 784))
	if err != nil {
		t.Fatal(err)
	}
	for class, values := range seen.Classes {
		lost := with.Logits[class] - without.Logits[class]
		got := float32(int8(values[10*28+13])) / 127 * seen.Largest
		if math.Abs(float64(got-lost)) > float64(seen.Largest)/127 {
			t.Errorf("class %d loses %v, shown is %v", class, lost, got)
		}
		if values[0] != 0 {
			t.Errorf("class %d: background far away counts %d", class, int8(values[0]))
		}
	}
	var none evidenceJSON
	post(t, p, "/api/evidence", asked{"tiny", make([]byte, 784)}, &none)
	if none.Largest != 0 || len(none.Classes) != 4 {
		t.Errorf("of a black image: %v", none.Largest)
	}
}

func TestConfusionAndTests(t *testing.T) {
	p, f := newPage(t)
	var matrix confusionJSON
	request(t, p, "GET", "/api/confusion?model=tiny", "", nil, &matrix)
	counts := [4][4]int{}
	for i := range f.set.Len() {
		s, err := f.models[1].Predictor.Predict(data.Scaled[float32](f.set.Pixels[i*784 : (i+1)*784]))
		if err != nil {
			t.Fatal(err)
		}
		counts[f.set.Labels[i]][slices.Index(s.Logits, slices.Max(s.Logits))]++
	}
	total, cells := 0, 0
	for label, row := range counts {
		if !slices.Equal(row[:], matrix.Matrix[label]) {
			t.Errorf("label %d: %v, expected %v", label, matrix.Matrix[label], row)
		}
		for guess, n := range row {
			var cell testsJSON
			request(t, p, "GET", "/api/tests?model=tiny&label="+string(rune('0'+label))+"&guess="+string(rune('0'+guess)), "", nil, &cell)
			if cell.Total != n || len(cell.Images) != min(n, maxGallery) {
				t.Errorf("cell %d, %d: %d and %d images, expected %d", label, guess, cell.Total, len(cell.Images), n)
			}
			for _, i := range cell.Images {
				if i.Label != label || i.Guess != guess || !bytes.Equal(i.Image, f.set.Pixels[i.Index*784:(i.Index+1)*784]) {
					t.Errorf("cell %d, %d: image %d is %d, %d", label, guess, i.Index, i.Label, i.Guess)
				}
			}
			if total += n; n > 0 && label != guess {
				cells += n
			}
		}
	}
	var all testsJSON
	request(t, p, "GET", "/api/tests?model=tiny", "", nil, &all)
	if total != 300 || all.Total != cells || len(all.Images) != maxGallery {
		t.Errorf("%d images, %d errors, expected 300 and %d; %d shown", total, all.Total, cells, len(all.Images))
	}
	for i := 1; i < len(all.Images); i++ {
		if all.Images[i].Label == all.Images[i].Guess {
			t.Error("a right answer is among the errors")
		}
	}
}

func TestModels(t *testing.T) {
	p, f := newPage(t)
	accuracy := 0.5
	f.models[0].TestAccuracy, f.models[0].History = &accuracy, []train.Row{{Epoch: 1}}
	var answer modelsJSON
	request(t, p, "GET", "/api/models", "", nil, &answer)
	m := answer.Models
	if len(m) != 2 || m[0].Name != "mlp" || *m[0].TestAccuracy != 0.5 || m[1].TestAccuracy != nil || len(m[0].History) != 1 || m[1].History == nil || len(m[1].Classes) != 4 ||
		answer.Training.State != "off" || answer.Tests != 300 || m[1].Image != [3]int{28, 28, 1} {
		t.Errorf("%+v", answer)
	}
}

// TestStream hears what training tells, and ends with the page.
func TestStream(t *testing.T) {
	training := &script{events: make(chan Event, 9)}
	p := New(fixed{}, training)
	server := httptest.NewServer(p)
	defer server.Close()
	response, err := http.Get(server.URL + "/api/training")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if kind := response.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Errorf("Content-Type %q", kind)
	}
	training.events <- Event{StepEvent, Point{"tiny", 0.5, 1.25, 0.75}}
	training.events <- Event{StepEvent, Point{"tiny", 0.5, math.NaN(), 0}} // is left out
	training.events <- Event{ModelsEvent, nil}
	lines := bufio.NewScanner(response.Body)
	var got []string
	for len(got) < 6 && lines.Scan() {
		if lines.Text() != "" {
			got = append(got, lines.Text())
		}
	}
	want := []string{"event: state", `data: {"state":"training","model":"tiny","text":"it learns"}`,
		"event: step", `data: {"model":"tiny","at":0.5,"loss":1.25,"accuracy":0.75}`, "event: models", "data: null"}
	if !slices.Equal(got, want) {
		t.Errorf("heard is %q", got)
	}
	for _, what := range []string{"pause", "resume", "stop"} {
		request(t, p, "POST", "/api/training/"+what, "", nil, nil)
	}
	if !slices.Equal(training.did, []string{"pause", "resume", "stop"}) {
		t.Errorf("done is %v", training.did)
	}
	ended := make(chan bool)
	go func() {
		for lines.Scan() {
		}
		close(ended)
	}()
	p.Close()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the stream does not end with the page")
	}
}

// TestJudgingEndsWithThePage: a server that stops waits for its requests, and thousands
// of test images take a slow machine longer than it has.
func TestJudgingEndsWithThePage(t *testing.T) {
	p, _ := newPage(t)
	p.Close()
	for _, path := range []string{"/api/confusion?model=tiny", "/api/tests?model=tiny"} {
		refused(t, p, "GET", path, "", nil, http.StatusServiceUnavailable, "the server stops")
	}
}

// TestAssets: all that the page names is there, and nothing is inline.
func TestAssets(t *testing.T) {
	p, _ := newPage(t)
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	w := get("/")
	if w.Code != 200 || w.Header().Get("Content-Security-Policy") != Policy || !strings.Contains(w.Body.String(), "<!doctype html>") {
		t.Fatalf("/: %d %v", w.Code, w.Header())
	}
	for _, banned := range []string{" style=", " onclick=", "<style", "http://", "https://"} {
		if strings.Contains(w.Body.String(), banned) {
			t.Errorf("the page has %q", banned)
		}
	}
	for path, kind := range map[string]string{"app.js": "text/javascript", "pad.js": "text/javascript", "style.css": "text/css"} {
		if w := get("/ui/" + path); w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) {
			t.Errorf("/ui/%s: %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
	}
	for _, path := range []string{"/ui/", "/ui/page.html.bak", "/elsewhere", "/ui/../page.go"} {
		if w := get(path); w.Code == 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func BenchmarkPredict(b *testing.B) {
	p := New(fixed{models: []Model{newModel(b, nets.MLP([3]int{28, 28, 1}, 10)), newModel(b, nets.CNN([3]int{28, 28, 1}, 10))}}, nil)
	png := drawing(b, 140, true) // as the page sends
	for b.Loop() {
		if code := request(b, p, "POST", "/api/predict", "image/png", png, nil); code != 200 {
			b.Fatal(code)
		}
	}
}
