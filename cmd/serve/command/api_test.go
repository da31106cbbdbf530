package command

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRoutes are the paths that answer GET.
func TestRoutes(t *testing.T) {
	s := tiny(t)
	tensors := `"inputs":[{"datatype":"FP32","name":"image","shape":[-1,2,3,1]}],"name":"mlp",` +
		`"outputs":[{"datatype":"FP32","name":"logits","shape":[-1,3]},{"datatype":"FP32","name":"probabilities","shape":[-1,3]}],"platform":"stheno","versions":["1"]`
	for path, want := range map[string]string{
		"/v2":                             `{"extensions":["binary_tensor_data","classification"],"name":"stheno","version":"` + s.version + `"}`,
		"/v2/":                            `{"extensions":["binary_tensor_data","classification"],"name":"stheno","version":"` + s.version + `"}`,
		"/v2/health/live":                 `{"live":true}`,
		"/v2/health/ready":                `{"ready":true}`,
		"/v2/models":                      `{"models":["mlp"]}`,
		"/v2/models/mlp":                  "{" + tensors + "}",
		"/v2/models/mlp/versions/1":       "{" + tensors + "}",
		"/v2/models/mlp/ready":            `{"name":"mlp","ready":true}`,
		"/v2/models/mlp/versions/1/ready": `{"name":"mlp","ready":true}`,
		"/v1/models/mlp":                  `{"model_version_status":[{"state":"AVAILABLE","status":{"error_code":"OK","error_message":""},"version":"1"}]}`,
		"/v1/models/mlp/versions/1":       `{"model_version_status":[{"state":"AVAILABLE","status":{"error_code":"OK","error_message":""},"version":"1"}]}`,
	} {
		r := get(t, s.url+path)
		if r.status != http.StatusOK || r.body != want+"\n" || r.header.Get("Content-Type") != "application/json" || r.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v\n%s, expected\n%s", path, r.status, r.header, r.body, want)
		}
	}
	front := get(t, s.url+"/")
	if front.status != http.StatusOK || !strings.Contains(front.body, "ui/app.js") || !strings.Contains(front.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("/: %v", front)
	}
}

// TestInfer sends what a user of curl sends, in each form that is promised, and
// compares with the predictor.
func TestInfer(t *testing.T) {
	s := tiny(t)
	values := []float32{0, 1, 0.5, 0.25, 51. / 255, 1}
	want, _, err := s.models.Model("mlp").Predict(t.Context(), append(values, values...))
	if err != nil {
		t.Fatal(err)
	}
	const one, url = "0,1,0.5,0.25,0.2,1.0", "/v2/models/mlp/infer"
	for name, c := range map[string]struct {
		path, body string
		rows       int
		outputs    string
	}{
		"flat":       {url, `{"inputs":[{"name":"image","shape":[1,2,3,1],"datatype":"FP32","data":[` + one + `]}]}`, 1, "logits probabilities"},
		"version":    {"/v2/models/mlp/versions/1/infer", `{"inputs":[{"name":"image","shape":[1,2,3,1],"datatype":"FP32","data":[` + one + `]}]}`, 1, "logits probabilities"},
		"nested":     {url, `{"inputs":[{"data":[[[[0],[1e0],[5e-1]],[[0.25],[0.2],[1]]]],"datatype":"FP32","shape":[1,2,3,1],"name":"image"}]}`, 1, "logits probabilities"},
		"two":        {url, `{"inputs":[{"name":"image","shape":[2,2,3],"datatype":"FP32","data":[` + one + `,` + one + `]}]}`, 2, "logits probabilities"},
		"rows":       {url, ` { "inputs" : [ { "name" : "image" , "shape" : [ 2 , 6 ] , "datatype" : "FP32" , "data" : [ [ 0 , 1 , 0.5 , 0.25 , 0.2 , 1 ] , [` + one + ` ] ] } ] } ` + "\n", 2, "logits probabilities"},
		"pixels":     {url, `{"inputs":[{"name":"image","shape":[1,6],"datatype":"UINT8","data":[0,255,127.5,63.75,51,255]}]}`, 0, ""},
		"an output":  {url, `{"outputs":[{"name":"probabilities"}],"inputs":[{"name":"image","shape":[1,6],"datatype":"FP32","data":[` + one + `],"parameters":{"a":1}}],"unknown":[{"a":null}]}`, 1, "probabilities"},
		"in order":   {url, `{"outputs":[{"name":"probabilities","parameters":{"binary_data":false}},{"name":"logits"}],"inputs":[{"name":"image","shape":[1,6],"datatype":"FP32","data":[` + one + `]}]}`, 1, "probabilities logits"},
		"no outputs": {url, `{"outputs":[],"inputs":[{"name":"image","shape":[1,6],"datatype":"FP32","data":[` + one + `]}]}`, 1, "logits probabilities"},
	} {
		r := post(t, s.url+c.path, c.body)
		if c.rows == 0 {
			if r.status != http.StatusBadRequest || !strings.Contains(r.body, "127.5 at position 2 is no UINT8") {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
			continue
		}
		a := parseAnswer(t, r)
		var names []string
		for _, o := range a.Outputs {
			names = append(names, o.Name)
			scores := want.Logits
			if o.Name == "probabilities" {
				scores = want.Probabilities
			}
			if o.Datatype != "FP32" || !slices.Equal(o.Shape, []int{c.rows, 3}) || !slices.Equal(o.Data, scores[:3*c.rows]) {
				t.Errorf("%s: %+v, expected %v", name, o, scores[:3*c.rows])
			}
		}
		if a.ModelName != "mlp" || a.ModelVersion != "1" || a.ID != nil || a.Parameters != nil || strings.Join(names, " ") != c.outputs {
			t.Errorf("%s: %+v", name, a)
		}
	}

	a := parseAnswer(t, post(t, s.url+url, `{"id":"4\u00322 \"x\" ü","parameters":{"s":"t","n":1.5,"b":true},"inputs":[{"name":"image","shape":[1,6],"datatype":"UINT8","data":[0,255,0,51,255,1]}]}`))
	if a.ID == nil || *a.ID != `422 "x" ü` || cmp.Diff(map[string]any{"s": "t", "n": 1.5, "b": true}, a.Parameters) != "" {
		t.Errorf("id %v, parameters %v", a.ID, a.Parameters)
	}
	pixels, _, _ := s.models.Model("mlp").Predict(t.Context(), []float32{0, 1, 0, float32(51) / 255, 1, float32(1) / 255})
	if !slices.Equal(a.Outputs[0].Data, pixels.Logits) {
		t.Errorf("UINT8 is not divided by 255 in float32: %v, expected %v", a.Outputs[0].Data, pixels.Logits)
	}
}

func TestTensorFlow(t *testing.T) {
	s := tiny(t)
	want, _, err := s.models.Model("mlp").Predict(t.Context(), []float32{0, 1, 0, 1, 0, 1, 1, 1, 1, 0, 0, 0})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, body, key string }{
		{"/v1/models/mlp:predict", `{"instances":[[0,1,0,1,0,1],[1,1,1,0,0,0]]}`, "predictions"},
		{"/v1/models/mlp/versions/1:predict", `{"signature_name":"serving_default","instances":[[[0,1,0],[1,0,1]],[[1,1,1],[0,0,0]]]}`, "predictions"},
		{"/v1/models/mlp:predict", `{"inputs":[[[[0],[1],[0]],[[1],[0],[1]]],[[[1],[1],[1]],[[0],[0],[0]]]]}`, "outputs"},
	} {
		r := post(t, s.url+c.path, c.body)
		var got map[string][][]float32
		if err := json.Unmarshal([]byte(r.body), &got); err != nil || r.status != http.StatusOK {
			t.Fatalf("%s: %d, %v: %s", c.body, r.status, err, r.body)
		}
		if d := cmp.Diff(map[string][][]float32{c.key: {want.Probabilities[:3], want.Probabilities[3:]}}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.body, d)
		}
	}
}

// manyKeys is an object of so many.
func manyKeys(n int) string {
	text := `{"0":0`
	for i := 1; i < n; i++ {
		text += fmt.Sprintf(`,"%d":0`, i)
	}
	return text + "}"
}

// TestNullIsAbsence: clients write null for what they leave out.
func TestNullIsAbsence(t *testing.T) {
	s := tiny(t)
	for _, c := range []struct{ path, nulls, plain string }{
		{inferPath,
			`{"id":null,"parameters":null,"outputs":null,"inputs":[{"name":"image","shape":[1,6],"datatype":"UINT8","parameters":null,"data":[0,255,9,40,0,128]}]}`, goodBody},
		{inferPath,
			`{"parameters":{"a":null,"binary_data_output":null},"outputs":[{"name":"logits","parameters":null},{"name":"probabilities","parameters":{"binary_data":null,"classification":null}}],` +
				`"inputs":[{"name":"image","shape":[1,6],"datatype":"UINT8","parameters":{"binary_data_size":null},"data":[0,255,9,40,0,128]}]}`, goodBody},
		{"/v1/models/mlp:predict", `{"signature_name":null,"inputs": null ,"instances":[[0,1,0,1,0,1]]}`, `{"instances":[[0,1,0,1,0,1]]}`},
		{"/v1/models/mlp:classify", `{"context":null,"signature_name":null,"examples":[{"image":[0,1,0,1,0,1]}]}`, `{"examples":[{"image":[0,1,0,1,0,1]}]}`},
	} {
		got, want := post(t, s.url+c.path, c.nulls), post(t, s.url+c.path, c.plain)
		if got.status != http.StatusOK || got.body != want.body {
			t.Errorf("%s: %v, expected %v", c.nulls, got, want)
		}
	}
}

// TestRefusals: a status, one clear sentence, and the server goes on.
func TestRefusals(t *testing.T) {
	s := tiny(t, "-queue", "4")
	input := func(text string) string { return `{"inputs":[{"name":"image",` + text + `}]}` }
	good := input(`"shape":[1,6],"datatype":"FP32","data":[0,0,0,0,0,0]`)
	const infer, predict = "/v2/models/mlp/infer", "/v1/models/mlp:predict"
	for _, c := range []struct {
		method, path, body string
		status             int
		words              string
	}{
		{"POST", infer, ``, 400, "malformed JSON at byte 0: '{' expected at the beginning of the request, found the end"},
		{"POST", infer, `[]`, 400, "the request must be an object"},
		{"POST", infer, `{`, 400, "malformed JSON at byte 1"},
		{"POST", infer, `{}`, 400, "the request has no inputs"},
		{"POST", infer, `{"inputs":[]}`, 400, "the request has no inputs"},
		{"POST", infer, `{"inputs":{}}`, 400, "inputs must be an array"},
		{"POST", infer, good + "x", 400, "stands behind the request"},
		{"POST", infer, good[:len(good)-1], 400, "',' expected or '}' in the request, found the end"},
		{"POST", infer, good[:40], 400, "malformed JSON"},
		{"POST", infer, `{"id":7}`, 400, "id must be a string"},
		{"POST", infer, `{"id":"a` + "\n" + `"}`, 400, "control character"},
		{"POST", infer, `{"id":"a\q"}`, 400, "malformed JSON"},
		{"POST", infer, `{"parameters":{"a":[1]}}`, 400, `parameter "a" must be a string, a number or a boolean`},
		{"POST", infer, `{"x":` + strings.Repeat("[", 100000) + `}`, 400, "nested deeper than 32"},
		{"POST", infer, `{"x":[1,]}`, 400, "no value stands here"},
		{"POST", infer, `{"inputs":[{"name":"image","data":` + strings.Repeat("[", 100000), 400, "nested deeper than 32"},
		{"POST", infer, `{"inputs":[],"inputs":[]}`, 400, `"inputs" stands twice`},
		{"POST", infer, `{"id":"a","id":null}`, 400, `"id" stands twice in the request`},
		{"POST", infer, `{"parameters":{"a":1,"a":2}}`, 400, `"a" stands twice in parameters`},
		{"POST", infer, `{"x":1,"x":2}`, 400, `"x" stands twice`},
		{"POST", infer, `{"id":nul}`, 400, "id must be a string"},
		{"POST", infer, `{"id":nullx}`, 400, "malformed JSON at byte 10"},
		{"POST", infer, `{"inputs":null}`, 400, "the request has no inputs"},
		{"POST", infer, `{"inputs":[null]}`, 400, "an input must be an object"},
		{"POST", infer, manyKeys(257), 400, "the request has more than 256 keys"},
		{"POST", infer, input(`"name":"image"`), 400, `"name" stands twice in an input`},
		{"POST", infer, input(`"datatype":"FP32","datatype":"UINT8"`), 400, `"datatype" stands twice in an input`},
		{"POST", infer, input(`"shape":[2,6],"shape":[1,6]`), 400, `"shape" stands twice in an input`},
		{"POST", infer, input(`"data":[0],"data":[0]`), 400, `"data" stands twice in an input`},
		{"POST", infer, input(`"parameters":{},"parameters":{}`), 400, `"parameters" stands twice in an input`},
		{"POST", infer, input(`"parameters":{"binary_data_size":1,"binary_data_size":6}`), 400, `"binary_data_size" stands twice in parameters`},
		{"POST", infer, `{"outputs":[{"name":"logits","name":"probabilities"}]}`, 400, `"name" stands twice in an output`},
		{"POST", infer, input(`"shape":null,"datatype":"FP32","data":[0,0,0,0,0,0]`), 400, "shape [] is none"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP32","data":[0,0,null,0,0,0]`), 400, "must hold numbers"},
		{"POST", infer, `{"inputs":[{"name":"pixels","data":[]}]}`, 400, `input "pixels" is unknown: the model has one, "image"`},
		{"POST", infer, `{"inputs":[{"name":"image","data":[0]},{}]}`, 400, "several inputs"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP32"`), 400, `has no data`},
		{"POST", infer, input(`"shape":[1,5],"datatype":"FP32","data":[0,0,0,0,0]`), 400, "shape [1 5] is none of this model's: images have shape [N 2 3 1]"},
		{"POST", infer, input(`"shape":[0,6],"datatype":"FP32","data":[]`), 400, "with N from 1"},
		{"POST", infer, input(`"shape":[-1,6],"datatype":"FP32","data":[]`), 400, "whole number that is not negative"},
		{"POST", infer, input(`"shape":[1.5,6],"datatype":"FP32","data":[]`), 400, "whole number"},
		{"POST", infer, input(`"shape":[1e300,6],"datatype":"FP32","data":[]`), 400, "whole number"},
		{"POST", infer, input(`"shape":[2147483647,6],"datatype":"FP32","data":[0]`), 400, "shape [2147483647 6] stands beside 1 values"},
		{"POST", infer, input(`"datatype":"FP32","data":[0,0,0,0,0,0]`), 400, "shape [] is none"},
		{"POST", infer, input(`"shape":[2,6],"datatype":"FP32","data":[0,0,0,0,0,0]`), 400, "shape [2 6] stands beside 6 values"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP32","data":[[0,0,0],[0,0,0]]`), 400, "data is nested as [2 3], the shape is [1 6]"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP32","data":[[0,0],[0]]`), 400, "ragged"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP32","data":[0,[0]]`), 400, "numbers beside arrays"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP32","data":[[0],0]`), 400, "numbers beside arrays"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP64","data":[0,0,0,0,0,0]`), 400, `datatype "FP64" is not served: there are FP32`},
		{"POST", infer, input(`"shape":[1,6],"data":[0,0,0,0,0,0]`), 400, `datatype "" is not served`},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP32","data":[0,0,0,0,1e999,0]`), 400, "1e999, which is outside of float32"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP32","data":[0,0,0,0,1e39,0]`), 400, "1e39, which is outside of float32"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP32","data":[0,NaN,0,0,0,0]`), 400, "data must hold numbers, found 'N'"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP32","data":[0,-Infinity,0,0,0,0]`), 400, "no number"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP32","data":[0,"a",0,0,0,0]`), 400, "must hold numbers"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP32","data":[00,0,0,0,0,0]`), 400, "malformed JSON"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP32","data":[0x1,0,0,0,0,0]`), 400, "malformed JSON"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP32","data":[1.,0,0,0,0,0]`), 400, "malformed JSON"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP32","data":[0,0,0,0,0,255]`), 400, "value 255 at position 5 is not from 0 to 1: send the datatype UINT8"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"FP32","data":[-0.1,0,0,0,0,0]`), 400, "not from 0 to 1"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"UINT8","data":[0,0,0,0,0,256]`), 400, "no UINT8"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"UINT8","data":"AAAA"`), 400, "data must be an array"},
		{"POST", infer, input(`"shape":[1,6],"datatype":"UINT8","parameters":{"binary_data_size":6}`), 400, "not the header Inference-Header-Content-Length"},
		{"POST", infer, `{"outputs":[{"name":"softmax"}]}`, 400, `output "softmax" is unknown: the model has logits and probabilities`},
		{"POST", infer, `{"outputs":[{"name":"logits"},{"name":"logits"}]}`, 400, "asked for twice"},
		{"POST", infer, input(`"shape":[5,6],"datatype":"UINT8","data":[` + strings.Repeat("0,", 29) + `0]`), 413, "a request may have 4 images"},
		{"POST", "/v2/models/rnn/infer", good, 404, `model \"rnn\" is unknown`},
		{"POST", "/v2/models/mlp/versions/2/infer", good, 404, `version \"2\" of model \"mlp\" is not served: version 1 is`},
		{"GET", "/v2/models/rnn", "", 404, "unknown"},
		{"GET", "/v2/models/rnn/ready", "", 404, "unknown"},
		{"GET", "/v2/models/mlp/versions/1:predict", "", 404, "not served"},
		{"GET", "/v2/nothing", "", 404, "nothing is at /v2/nothing"},
		{"GET", "/nothing", "", 404, "nothing is at /nothing"},
		{"GET", infer, "", 405, "GET is not allowed here, only POST"},
		{"PUT", infer, good, 405, "only POST"},
		{"POST", "/v2", good, 405, "only GET"},
		{"POST", "/v2/health/ready", good, 405, "only GET"},
		{"DELETE", "/v2/models/mlp", "", 405, "only GET"},
		{"GET", predict, "", 405, "only POST"},
		{"POST", "/v1/models/mlp", good, 405, "only GET"},
		{"POST", "/v1/models/mlp:regress", good, 404, "nothing is at"},
		{"POST", "/v1/models/rnn:predict", good, 404, "unknown"},
		{"POST", predict, `{}`, 400, "neither"},
		{"POST", predict, `{"instances":[[0,0,0,0,0,0]],"inputs":[]}`, 400, "stands beside"},
		{"POST", predict, `{"instances":[[0,0,0,0,0,0]],"instances":[]}`, 400, `"instances" stands twice`},
		{"POST", predict, `{"instances":null}`, 400, "neither"},
		{"POST", predict, `{"instances":[0,0,0,0,0,0]}`, 400, "instances: shape [6] is none"},
		{"POST", predict, `{"instances":[]}`, 400, "instances: shape [0] is none"},
		{"POST", predict, `{"instances":[[[]]]}`, 400, "is none"},
		{"POST", predict, `{"instances":[{"b64":"AA=="}]}`, 400, "must hold numbers"},
		{"POST", predict, `{"instances":[[0,0,0,0,0,9]]}`, 400, "divide pixels by 255"},
		{"POST", predict, `{"signature_name":"train","instances":[[0,0,0,0,0,9]]}`, 400, "signature"},
	} {
		r, err := http.NewRequest(c.method, s.url+c.path, strings.NewReader(c.body))
		got := do(t, r, err)
		var message map[string]string
		if err := json.Unmarshal([]byte(got.body), &message); err != nil || len(message) != 1 {
			t.Errorf("%s %s %.80s: %v: %s", c.method, c.path, c.body, err, got.body)
			continue
		}
		words := strings.ReplaceAll(c.words, `\"`, `"`)
		if got.status != c.status || !strings.Contains(message["error"], words) || strings.Contains(message["error"], "\n") || len(message["error"]) > 200 {
			t.Errorf("%s %s %.80s: %d %s, expected %d %s", c.method, c.path, c.body, got.status, message["error"], c.status, words)
		}
		if (got.status == 405) != (got.header.Get("Allow") != "") {
			t.Errorf("%s %s: Allow %q", c.method, c.path, got.header.Get("Allow"))
		}
	}
	parseAnswer(t, post(t, s.url+infer, good))
}

// TestOneOfMany: 64 clients at a time get the bits that each would get alone.
func TestOneOfMany(t *testing.T) {
	dir := t.TempDir()
	s := start(t, "-run", write(t, filepath.Join(dir, "a"), "mlp", mnist, 10, 1), "-run", write(t, filepath.Join(dir, "b"), "cnn", mnist, 10, 2))
	const clients, rounds = 64, 6
	rng := rand.New(rand.NewPCG(5, 6))
	var bodies [8]string
	for i := range bodies {
		pixels := make([]string, 784*(1+i%2))
		for j := range pixels {
			pixels[j] = fmt.Sprint(rng.IntN(256))
		}
		bodies[i] = fmt.Sprintf(`{"inputs":[{"name":"image","shape":[%d,784],"datatype":"UINT8","data":[%s]}]}`, 1+i%2, strings.Join(pixels, ","))
	}
	for _, model := range []string{"mlp", "cnn"} {
		url := s.url + "/v2/models/" + model + "/infer"
		var alone [len(bodies)]string
		for i, body := range bodies {
			alone[i] = post(t, url, body).body
		}
		before := s.count(t, "stheno_executions_total", model)
		var group sync.WaitGroup
		for c := range clients {
			group.Go(func() {
				for round := range rounds {
					i := (c + round) % len(bodies)
					if r := post(t, url, bodies[i]); r.status != http.StatusOK || r.body != alone[i] {
						t.Errorf("%s: client %d: %d %s, alone %s", model, c, r.status, r.body, alone[i])
						return
					}
				}
			})
		}
		group.Wait()
		if n := s.count(t, "stheno_executions_total", model) - before; n < 1 || n >= clients*rounds {
			t.Errorf("%s: %v executions of %d requests: none was shared", model, n, clients*rounds)
		}
	}
}
