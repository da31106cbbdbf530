package command

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var seeds = []string{
	``, `{}`, goodBody, goodBody + " ", goodBody[:50],
	`{"id":"a\u00e4\n","parameters":{"a":1,"b":"c","d":true},"inputs":[{"name":"image","shape":[1,2,3,1],"datatype":"FP32","data":[[[[0.5],[1e-3],[1]],[[0.25],[0],[1E0]]]],"parameters":{}}],"outputs":[{"name":"logits"}]}`,
	`{"instances":[[[0,1,0.25],[1,0.0,1]]],"signature_name":"serving_default"}`,
	`{"inputs":[[0.123456789,1,0.1234567,1.00000001,0,0]]}`,
	`{"instances":[[1e999,-0,NaN,"a"]]}`, `{"x":[[[{"a":[null,true,-1.5e+3]}]]],"inputs":[]}`,
}

// FuzzInfer: what is accepted is JSON, and its images are what Go's decoder
// reads there, as float32.
func FuzzInfer(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r, err := decodeInfer(payload{json: body}, small, 4)
		if err != nil {
			checkMessage(t, err)
			return
		}
		var whole struct {
			ID     string
			Inputs []struct {
				Datatype string
				Data     any
			}
		}
		if !json.Valid([]byte(body)) {
			t.Fatal("is no JSON")
		}
		if n := len(r.images); n%6 != 0 || n < 6 || n > 24 || len(r.outputs) < 1 || r.parameters != "" && !json.Valid([]byte("{"+r.parameters[1:]+"}")) {
			t.Fatalf("%d values, outputs %v, parameters %s", n, r.outputs, r.parameters)
		}
		if !plain(body) || unmarshal(body, &whole) != nil || len(whole.Inputs) != 1 {
			return
		}
		var images []float32
		flatten(whole.Inputs[0].Data, &images)
		if whole.Inputs[0].Datatype == "UINT8" {
			for i := range images {
				images[i] /= 255
			}
		}
		if !slices.Equal(images, r.images) || r.id != whole.ID {
			t.Errorf("%v, expected %v; id %q, expected %q", r.images, images, r.id, whole.ID)
		}
	})
}

// FuzzPredict is the same for TensorFlow Serving's requests.
func FuzzPredict(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r, err := decodePredict(body, small, 4)
		if err != nil {
			checkMessage(t, err)
			return
		}
		if n := len(r.images); !json.Valid([]byte(body)) || n%6 != 0 || n < 6 || n > 24 {
			t.Fatalf("%d values", n)
		}
		var whole struct{ Instances, Inputs any }
		if !plain(body) || unmarshal(body, &whole) != nil {
			return
		}
		var images []float32
		flatten(whole.Instances, &images)
		flatten(whole.Inputs, &images)
		if !slices.Equal(images, r.images) {
			t.Errorf("%v, expected %v", r.images, images)
		}
	})
}

func checkMessage(t *testing.T, err error) {
	if text := err.Error(); text == "" || strings.Contains(text, "\n") || len(text) > 1000 {
		t.Errorf("error %q", text)
	}
}

// plain says whether Go's decoder takes keys for the same as ours: it folds
// case, and lets a later one win.
func plain(body string) bool {
	for _, key := range []string{"id", "inputs", "instances", "datatype", "data"} {
		if strings.Count(strings.ToLower(body), `"`+key+`"`) > 1 || strings.Count(body, `"`+key+`"`) != strings.Count(strings.ToLower(body), `"`+key+`"`) {
			return false
		}
	}
	return !strings.ContainsAny(body, "\\") && !strings.ContainsRune(body, 'ſ')
}

// unmarshal keeps numbers as they are written.
func unmarshal(body string, v any) error {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	return d.Decode(v)
}

func flatten(v any, to *[]float32) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			flatten(e, to)
		}
	case json.Number:
		f, err := strconv.ParseFloat(string(v), 32)
		if err != nil {
			panic(err)
		}
		*to = append(*to, float32(f))
	}
}
