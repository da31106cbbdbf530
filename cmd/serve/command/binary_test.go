package command

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"stheno/nets/run"
)

// postBinary posts JSON and what is behind it.
func postBinary(t testing.TB, url, text string, behind []byte) reply {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(text+string(behind)))
	r.Header.Set(binaryHeader, strconv.Itoa(len(text)))
	return do(t, r, err)
}

func floatBytes(values ...float32) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// TestBinary: tensors behind the JSON are those in it, bit by bit, both ways.
func TestBinary(t *testing.T) {
	s := tiny(t)
	url := s.url + inferPath
	values := []float32{0, 1, 0.5, 0.25, float32(51) / 255, 1}
	want, _, err := s.models.Model("mlp").Predict(t.Context(), values)
	if err != nil {
		t.Fatal(err)
	}
	tail := string(floatBytes(want.Probabilities...)) + string(floatBytes(want.Logits...))
	const outputs = `"outputs":[{"name":"probabilities","parameters":{"binary_data":true}},{"name":"logits","parameters":{"binary_data":true}}]`
	input := `{"inputs":[{"name":"image","shape":[1,6],"datatype":"FP32","parameters":{"binary_data_size":24}}],` + outputs + `}`
	answers := []reply{
		postBinary(t, url, input, floatBytes(values...)),
		post(t, url, `{"inputs":[{"name":"image","shape":[1,6],"datatype":"FP32","data":[0,1,0.5,0.25,0.2,1]}],`+outputs+`}`),
	}
	for i, r := range answers {
		n, err := strconv.Atoi(r.header.Get(binaryHeader))
		if r.status != http.StatusOK || err != nil || r.header.Get("Content-Type") != "application/octet-stream" || r.body[n:] != tail {
			t.Fatalf("%d: %v", i, r)
		}
		if head := r.body[:n]; !json.Valid([]byte(head)) || strings.Count(head, `"parameters":{"binary_data_size":12}`) != 2 || strings.Contains(head, `"data"`) {
			t.Errorf("%d: %s", i, head)
		}
	}
	all := postBinary(t, url, `{"parameters":{"binary_data_output":true,"a":1},"inputs":[{"name":"image","shape":[1,6],"datatype":"UINT8","parameters":{"binary_data_size":6}}]}`, []byte{0, 255, 0, 0, 51, 255})
	pixels := parseAnswer(t, post(t, url, `{"inputs":[{"name":"image","shape":[1,6],"datatype":"UINT8","data":[0,255,0,0,51,255]}]}`))
	if n, _ := strconv.Atoi(all.header.Get(binaryHeader)); all.body[n:] != string(floatBytes(pixels.Outputs[0].Data...))+string(floatBytes(pixels.Outputs[1].Data...)) || !strings.Contains(all.body, `"parameters":{"a":1}`) {
		t.Errorf("all outputs, of bytes: %v", all)
	}
	const mixed = `{"parameters":{"binary_data_output":true},"outputs":[{"name":"logits","parameters":{"binary_data":false}},{"name":"probabilities"}],"inputs":[{"name":"image","shape":[1,6],"datatype":"FP32","data":[0,1,0.5,0.25,0.2,1]}]}`
	own := post(t, url, mixed) // an output's own word counts before what is said of all
	if n, _ := strconv.Atoi(own.header.Get(binaryHeader)); n == 0 || own.body[n:] != string(floatBytes(want.Probabilities...)) || !strings.Contains(own.body[:n], `"name":"logits","datatype":"FP32","shape":[1,3],"data":[`) {
		t.Errorf("an output that says binary_data false, beside binary_data_output: %v", own)
	}
	plain := postBinary(t, url, `{"inputs":[{"name":"image","shape":[1,6],"datatype":"FP32","data":[0,1,0.5,0.25,0.2,1]}]}`, nil)
	if a := parseAnswer(t, plain); !slices.Equal(a.Outputs[0].Data, want.Logits) || plain.header.Get(binaryHeader) != "" {
		t.Errorf("JSON with the header: %v", plain)
	}
}

// TestBinaryRefusals: what does not fit together is refused in one sentence.
func TestBinaryRefusals(t *testing.T) {
	s := tiny(t, "-queue", "2")
	input := func(text string) string {
		return `{"inputs":[{"name":"image","shape":[1,6],"datatype":"FP32",` + text + `}]}`
	}
	size := func(n int) string { return input(fmt.Sprintf(`"parameters":{"binary_data_size":%d}`, n)) }
	nan, zeros := floatBytes(0, 0, 0, 0, 0, float32(math.NaN())), make([]byte, 200)
	for _, c := range []struct {
		text   string
		behind []byte
		status int
		words  string
	}{
		{size(24), nil, 400, "binary_data_size is 24, but 0 bytes stand behind"},
		{size(24), zeros[:23], 400, "but 23 bytes"},
		{size(24), zeros[:25], 400, "but 25 bytes"},
		{size(23), zeros[:23], 400, "no multiple of 4"},
		{size(20), zeros[:20], 400, "stands beside 5 values"},
		{size(72), zeros[:72], 413, "may have 2 images"},
		{size(24), nan, 400, "value NaN at position 5"},
		{size(24), floatBytes(0, 0, 0, 0, 2, 0), 400, "value 2 at position 4"},
		{size(24), floatBytes(0, 0, 0, 0, float32(math.Inf(-1)), 0), 400, "value -Inf"},
		{input(`"data":[0,0,0,0,0,0]`), zeros[:4], 400, "no input has the parameter binary_data_size"},
		{input(`"data":[0,0,0,0,0,0],"parameters":{"binary_data_size":24}`), zeros[:24], 400, "both in JSON and behind it"},
		{input(`"parameters":{"binary_data_size":-24}`), zeros[:24], 400, "not negative"},
		{input(`"parameters":{"binary_data_size":"24"}`), zeros[:24], 400, "must hold numbers"},
		{`{"parameters":{"binary_data_output":1}}`, nil, 400, "must be true or false"},
		{`{"outputs":[{"name":"logits","parameters":{"binary_data":"yes"}}]}`, nil, 400, "must be true or false"},
		{`{"outputs":[{"name":"logits","parameters":{"classification":0}}]}`, nil, 400, "must be 1 or more"},
		{strings.Replace(size(24), "FP32", "FP16", 1), zeros[:24], 400, `FP16\" is not served`},
		{size(24)[:30], zeros[:24], 400, "malformed JSON"},
	} {
		r := postBinary(t, s.url+inferPath, c.text, c.behind)
		if r.status != c.status || !strings.Contains(r.body, c.words) {
			t.Errorf("%s and %d bytes: %v, expected %d %s", c.text, len(c.behind), r, c.status, c.words)
		}
	}
	for _, header := range []string{"-1", "9999", "1e1", "x"} {
		r, err := http.NewRequest(http.MethodPost, s.url+inferPath, strings.NewReader(goodBody))
		r.Header.Set(binaryHeader, header)
		if got := do(t, r, err); got.status != 400 || !strings.Contains(got.body, "no part of the body") {
			t.Errorf("%s %s: %v", binaryHeader, header, got)
		}
	}
	if r := postBinary(t, s.url+"/v1/models/mlp:predict", `{"instances":[[0,0,0,0,0,0]]}`, nil); r.status != 400 || !strings.Contains(r.body, "is for /v2") {
		t.Errorf("TensorFlow Serving: %v", r)
	}
	parseAnswer(t, post(t, s.url+inferPath, goodBody))
}

// TestLabels: where classes have names, each answer has them.
func TestLabels(t *testing.T) {
	dir := write(t, filepath.Join(t.TempDir(), "run"), "mlp", small, 3, 1)
	f := run.Folder(dir)
	c, err := f.ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	c.Data.Names = []string{"T-shirt, top", `"bag"`, "Ä"}
	if err := f.WriteJSON(run.ConfigFile, c); err != nil {
		t.Fatal(err)
	}
	s := start(t, "-run", dir)
	const body = `{"parameters":{"labels":"mine","n":2},"inputs":[{"name":"image","shape":[1,6],"datatype":"UINT8","data":[0,255,9,40,0,128]}]`
	a := parseAnswer(t, post(t, s.url+inferPath, body+"}"))
	var names []string
	if text, ok := a.Parameters["labels"].(string); !ok || json.Unmarshal([]byte(text), &names) != nil || !slices.Equal(names, c.Data.Names) || a.Parameters["n"] != 2.0 {
		t.Errorf("parameters %v", a.Parameters)
	}
	order := []int{0, 1, 2}
	slices.SortFunc(order, func(i, j int) int {
		if a.Outputs[1].Data[i] > a.Outputs[1].Data[j] {
			return -1
		}
		return 1
	})
	want := make([]string, 3)
	for i, class := range order {
		want[i] = fmt.Sprintf("%v:%d:%s", a.Outputs[1].Data[class], class, names[class])
	}
	var top struct {
		Outputs []struct {
			Datatype string
			Shape    []int
			Data     []string
		}
	}
	for n, columns := range map[int]int{2: 2, 9: 3} {
		r := post(t, s.url+inferPath, body+fmt.Sprintf(`,"outputs":[{"name":"probabilities","parameters":{"classification":%d}}]}`, n))
		if err := json.Unmarshal([]byte(r.body), &top); err != nil || top.Outputs[0].Datatype != "BYTES" || !slices.Equal(top.Outputs[0].Shape, []int{1, columns}) || !slices.Equal(top.Outputs[0].Data, want[:columns]) {
			t.Errorf("the %d likeliest: %v, expected %q", n, r, want[:columns])
		}
	}
	r := post(t, s.url+inferPath, body+`,"outputs":[{"name":"probabilities","parameters":{"classification":1,"binary_data":true}}]}`)
	n, _ := strconv.Atoi(r.header.Get(binaryHeader))
	if tail := string([]byte{byte(len(want[0])), 0, 0, 0}) + want[0]; n == 0 || r.body[n:] != tail {
		t.Errorf("the likeliest in binary: %q, expected %q", r.body, tail)
	}
	var classified struct{ Result [][][2]any }
	r = post(t, s.url+"/v1/models/mlp:classify", `{"examples":[{"image":[0,1,0,0,0,1]},{"image":[1,1,1,0,0,0]}]}`)
	scores, _, _ := s.models.Model("mlp").Predict(t.Context(), []float32{0, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0})
	if err := json.Unmarshal([]byte(r.body), &classified); err != nil || len(classified.Result) != 2 {
		t.Fatalf("classify: %v", r)
	}
	for i, p := range scores.Probabilities {
		if got := classified.Result[i/3][i%3]; got[0] != names[i%3] || float32(got[1].(float64)) != p {
			t.Errorf("classify: image %d, class %d: %v", i/3, i%3, got)
		}
	}
	for _, wrong := range []string{`{}`, `{"examples":[]}`, `{"examples":[{"image":[0,1]}]}`, `{"examples":[{"image":[[0,1,0,0,0,1]]}]}`, `{"examples":[{"x":[0]}]}`, `{"examples":[{"image":[0,1,0,0,0,9]}]}`, `{"context":{},"examples":[]}`, `{"examples":[{}]}`} {
		if r := post(t, s.url+"/v1/models/mlp:classify", wrong); r.status != http.StatusBadRequest {
			t.Errorf("classify %s: %v", wrong, r)
		}
	}
}

// TestPace: a refusal comes at once; who asks again at once on the same
// connection is heard later, and all of them together are refused no more often
// than once in spacing.
func TestPace(t *testing.T) {
	s := tiny(t, "-queue", "1")
	place, err := s.models.Model("mlp").Enter()
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", inferPath, len(goodBody), goodBody)
	const crowd = 100
	s.pace.held.Store(crowd) // so many have been told
	c := dial(t, s, text+text)
	if r := readAnswer(t, c); r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") != "1" || r.header.Get("Content-Length") != strconv.Itoa(len(full)) {
		t.Errorf("%v", r)
	}
	if n := s.handled.Load(); n != 1 {
		t.Errorf("%d requests are handled before the pause is over", n)
	}
	place.Leave()
	parseAnswer(t, readAnswer(t, c)) // the connection lives, and now there is room
	await(t, "the end of the pauses", func() bool { return s.pace.held.Load() == crowd })
}
