package nets_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
)

// TestShapesOfLayers: what each makes of an image of 6 x 4 x 2.
func TestShapesOfLayers(t *testing.T) {
	for _, c := range []struct {
		layer nets.Layer
		want  string // the shape, or what is said
	}{
		{nets.Reshape{To: []int{8, 6}}, "[8 6]"},
		{nets.Reshape{To: []int{2, -1, 4}}, "[2 6 4]"},
		{nets.Reshape{To: []int{-1}}, "[48]"},
		{nets.Reshape{To: []int{5, -1}}, "cannot make [5 -1] of the 48 numbers of (6, 4, 2)"},
		{nets.Reshape{To: []int{-1, -1}}, "for one of them -1"},
		{nets.Reshape{To: []int{0}}, "at least 1"},
		{nets.Reshape{}, "cannot make []"},
		{nets.ZeroPadding2D{}, "[8 6 2]"},
		{nets.ZeroPadding2D{Padding: nets.Sides{{0, 1}, {2, 3}}}, "[7 9 2]"},
		{nets.ZeroPadding2D{Padding: nets.Sides{{0, -1}, {2, 3}}}, "0 or more"},
		{nets.Cropping2D{}, "[6 4 2]"},
		{nets.Cropping2D{Cropping: nets.Sides{{1, 0}, {0, 2}}}, "[5 2 2]"},
		{nets.Cropping2D{Cropping: nets.Sides{{3, 3}, {0, 2}}}, "nothing is left"},
		{nets.Rescaling{}, "[6 4 2]"},
		{nets.Normalization{Mean: []float64{1, 2}, Variance: []float64{1, 2}}, "[6 4 2]"},
		{nets.Normalization{Mean: []float64{1, 2}, Variance: []float64{1}}, "2 means and 1 variances"},
		{nets.Normalization{}, "0 means"},
		{nets.Normalization{Mean: []float64{1}, Variance: []float64{-1}}, "0 or more"},
		{nets.Normalization{Mean: []float64{1, 2, 3}, Variance: []float64{1, 2, 3}}, "3 numbers for the 2 channels"},
		{nets.SpatialDropout2D{Rate: 0.5}, "[6 4 2]"},
		{nets.SpatialDropout2D{Rate: 1}, "[0,1)"},
		{nets.GaussianNoise{Stddev: 0.5}, "[6 4 2]"},
		{nets.GaussianNoise{Stddev: 2}, "[0,1]"},
		{nets.Add{}, "two layers or more"},
		{nets.Concatenate{}, "two layers or more"},
	} {
		net := nets.Network{Name: "shapes", Input: [3]int{6, 4, 2}, Layers: []nets.Layer{c.layer, nets.Dense{Units: 3}}}
		m, err := nets.New(net, tensor.Float32, source(1))
		if strings.HasPrefix(c.want, "[") && strings.HasSuffix(c.want, "]") && err == nil {
			var table strings.Builder
			if err := m.Summary(&table, 100); err != nil {
				t.Fatal(err)
			}
			shape := "(None, " + strings.ReplaceAll(strings.Trim(c.want, "[]"), " ", ", ") + ")"
			if !strings.Contains(table.String(), shape) {
				t.Errorf("%#v: no %s in\n%s", c.layer, shape, table.String())
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%#v: %v, want %s", c.layer, err, c.want)
		}
	}
	net := nets.Network{Name: "flat", Input: [3]int{6, 4, 2}, Layers: []nets.Layer{nets.Flatten{}, nets.SpatialDropout2D{Rate: 0.5}, nets.Dense{Units: 3}}}
	if _, err := nets.New(net, tensor.Float32, source(1)); err == nil || !strings.Contains(err.Error(), "behind Flatten take Dropout") {
		t.Error(err)
	}
	net.Layers = []nets.Layer{nets.Flatten{}, nets.At{Layer: nets.Subtract{}, After: []string{"flatten", "flatten", "flatten"}}, nets.Dense{Units: 3}}
	if _, err := nets.New(net, tensor.Float32, source(1)); err == nil || !strings.Contains(err.Error(), "there must be two") {
		t.Error(err)
	}
}

// TestKerassFormsOfSettings are read, and written as Keras writes them.
func TestKerassFormsOfSettings(t *testing.T) {
	for _, c := range []struct{ read, written string }{
		{`{"padding":2}`, `{"padding":[[2,2],[2,2]]}`},
		{`{"padding":[1,2]}`, `{"padding":[[1,1],[2,2]]}`},
		{`{"padding":[[0,1],[2,3]]}`, `{"padding":[[0,1],[2,3]]}`},
		{`{}`, `{"padding":[[1,1],[1,1]]}`},
		{`{"padding":0}`, `which does nothing: leave the layer out`},
		{`{"padding":[1,2,3]}`, `no number of pixels`},
	} {
		var z nets.ZeroPadding2D
		err := json.Unmarshal([]byte(c.read), &z)
		text, _ := json.Marshal(z)
		if err == nil && string(text) != c.written || err != nil && !strings.Contains(err.Error(), c.written) {
			t.Errorf("%s: %s, %v, want %s", c.read, text, err, c.written)
		}
	}
	for _, c := range []struct {
		layer nets.Layer
		text  string
	}{
		{&nets.Rescaling{}, `{"scale":1,"offset":0}`},
		{&nets.Rescaling{Scale: 2, Offset: -1}, `{"scale":2,"offset":-1}`},
		{&nets.Cropping2D{}, `{"cropping":[[0,0],[0,0]]}`},
		{&nets.Normalization{Mean: []float64{1}, Variance: []float64{2}}, `{"mean":[1],"variance":[2],"invert":false}`},
		{&nets.Reshape{To: []int{2, -1}}, `{"target_shape":[2,-1]}`},
		{&nets.SpatialDropout2D{Rate: 0.5}, `{"rate":0.5}`},
		{&nets.GaussianNoise{Stddev: 0.5}, `{"stddev":0.5}`},
	} {
		text, err := json.Marshal(c.layer)
		if err != nil || string(text) != c.text {
			t.Errorf("%#v: %s, %v, want %s", c.layer, text, err, c.text)
		}
		read := reflect.New(reflect.TypeOf(c.layer).Elem()).Interface()
		if err := json.Unmarshal(text, read); err != nil {
			t.Error(err)
		}
		if again, err := json.Marshal(read); err != nil || string(again) != c.text {
			t.Errorf("%s is %s when it is read, %v", text, again, err)
		}
	}
	var r nets.Rescaling
	if err := json.Unmarshal([]byte(`{"scale":0}`), &r); err == nil || !strings.Contains(err.Error(), "the scale is 0") {
		t.Error(err)
	}
}
