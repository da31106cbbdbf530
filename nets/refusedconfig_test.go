package nets_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"stheno/nets"
)

// passes is what layers here that compute nothing have as their method.
type passes struct{}

func (passes) Build(_ *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) { return x, nil }

// Layers of one's own that a file cannot hold, each for another reason.
type (
	Secret struct {
		passes
		Cache func() `json:"-"`
		units int
	}
	Calls struct {
		passes
		Curve func(float64) float64
	}
	Holds struct {
		passes
		Inner nets.Layer
	}
	Deep struct {
		passes
		Parts []struct{ Weights map[string]float64 }
	}
	Named struct {
		passes
		Name string `json:"name"`
	}
	Lossy struct {
		passes
		Bytes lossy
	}
	Shapes struct { // computes nothing, but gives images of another shape
		passes
		Rows int `json:"rows"`
	}
	Shadows struct { // what it has embedded has its fields' names
		Sized
		Units int `json:"units"`
	}
	Sized struct {
		Units  int              `json:"units"`
		Kernel nets.Initializer `json:"kernel,omitzero"`
	}
	Twofold struct { // of two fields of one name JSON has neither
		passes
		one
		other
	}
	Body struct { // what it has embedded has JSON of its own, and so it has that
		passes
		nets.Network
		Scale float64
	}
	one      struct{ Rate float64 }
	other    struct{ Rate float64 }
	Stranger struct{ passes }
)

func (Shadows) Build(_ *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) { return x, nil }

// lossy does not come back as it was.
type lossy int

func (l lossy) MarshalJSON() ([]byte, error) { return json.Marshal(int(l) / 2) }
func (l *lossy) UnmarshalJSON([]byte) error  { *l = 0; return nil }

func init() {
	for _, l := range []nets.Layer{Secret{}, Calls{}, Holds{}, Deep{}, Named{}, Lossy{}, Shapes{}, Shadows{}, Twofold{}, Body{}} {
		nets.Register(l)
	}
}

// behind is a network of a layer between others.
func behind(l nets.Layer) nets.Network {
	return nets.Network{Name: "n", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{nets.Flatten{}, l, nets.Dense{Units: 2}}}
}

// TestNetworksThatAreNotWritten are refused by the layer's name and what is wrong.
func TestNetworksThatAreNotWritten(t *testing.T) {
	own := func(rng nets.Initializer) nets.Network { return behind(nets.Dense{Units: 2, Kernel: rng}) }
	slash, control, small := behind(nets.Normalize{}), behind(nets.Normalize{}), behind(nets.Normalize{})
	slash.Name, control.Name, small.Layers = "a/b", "a\nb", []nets.Layer{nets.Conv2D{Filters: 1, Side: 5}, nets.Dense{Units: 2}}
	for want, n := range map[string]nets.Network{
		"layer dense (Dense): an initializer of one's own has no name":                                                                           own(func(*rand.Rand, nets.Fans) float64 { return 1 }),
		"layer conv2d (Conv2D): an initializer of one's own has no name":                                                                         {Name: "n", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{nets.Conv2D{Filters: 1, Side: 2, Kernel: func(*rand.Rand, nets.Fans) float64 { return 0 }}, nets.Dense{Units: 2}}},
		"layer secret (Secret): its field units is set and not exported":                                                                         behind(Secret{units: 3}),
		"layer calls (Calls): its field Curve is a func":                                                                                         behind(Calls{Curve: math.Sin}),
		"layer calls (Calls): its field Curve is a func, which a file":                                                                           behind(&Calls{}),
		"layer holds (Holds): its field Inner is an interface":                                                                                   behind(Holds{Inner: nets.Flatten{}}),
		"layer deep (Deep): its field Parts its field Weights is NaN":                                                                            behind(Deep{Parts: []struct{ Weights map[string]float64 }{{map[string]float64{"a": math.NaN()}}}}),
		`layer named (Named): its JSON has a "name", which each layer has in a config`:                                                           behind(Named{}),
		"layer lossy (Lossy): the Bytes is 2, which is 0 when it is read":                                                                        behind(Lossy{Bytes: 5}),
		"layer shadows (Shadows): its field Sized: its field Units is not in its JSON":                                                           behind(Shadows{Sized: Sized{Units: 3}, Units: 2}),
		"layer twofold (Twofold): its field one: its field Rate is not in its JSON":                                                              behind(Twofold{one: one{0.5}}),
		"layer body (Body): its field Scale is not in its JSON":                                                                                  behind(Body{Network: nets.MLP([3]int{2, 2, 1}, 2), Scale: 2}),
		`layer stranger: the layer "Stranger" is not registered in this program`:                                                                 behind(Stranger{}),
		`layer conv2d (Conv2D) after`:                                                                                                            small,
		`the network has the name "a/b", expected one without a slash`:                                                                           slash,
		`the network has the name "a\nb", expected one without control characters`:                                                               control,
		`Normalize "normalize_3" has the name that Keras gives to another layer of its class, so that it would be read as Normalize "normalize"`: behind(nets.At{Layer: nets.Normalize{}, Name: "normalize_3"}),
		`is called "a\nb": it needs a name that no other layer has`:                                                                              behind(nets.At{Layer: nets.Normalize{}, Name: "a\nb"}),
		"layer 2 of 3, layer, is nil":                                                                                                            behind(nil),
		"has no layers":                                                                                                                          {Name: "none"},
		`no layer "dense_7" can be frozen`:                                                                                                       {Name: "n", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{nets.Dense{Units: 2}}, Frozen: []string{"dense_7"}},
		"the network's config has 1":                                                                                                             behind(&Pointed{Sizes: make([]int, 1<<19)}),
	} {
		if text, err := json.Marshal(n); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %s, got %s, %v", want, text, err)
		}
	}
	_, err := json.Marshal(behind(Stranger{}))
	if unknown := (*nets.UnknownLayerError)(nil); !errors.As(err, &unknown) || unknown.Class != "Stranger" {
		t.Errorf("%v is no UnknownLayerError", err)
	}
	for _, l := range []nets.Layer{
		Secret{Cache: func() {}}, // what is set is no setting
		Shadows{Units: 2}, &Shadows{Sized: Sized{Kernel: nets.HeNormal}}, Twofold{}, Body{Network: nets.MLP([3]int{2, 2, 1}, 2)},
	} {
		if _, err := json.Marshal(behind(l)); err != nil {
			t.Error(err)
		}
	}
}

// edit is the config of a network in which texts are replaced.
func edit(t testing.TB, n nets.Network, oldnew ...string) string {
	t.Helper()
	text, err := n.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	before := string(text)
	after := strings.NewReplacer(oldnew...).Replace(before)
	if len(oldnew) > 0 && after == before {
		t.Fatalf("%v is not in %s", oldnew, before)
	}
	return after
}

// TestConfigsThatAreRefused names the layer, its class and the setting.
func TestConfigsThatAreRefused(t *testing.T) {
	own := nets.Network{Name: "n", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{nets.Flatten{}, Residual{Units: 3, Scale: 0.5}, nets.Dense{Units: 2}}}
	cnn := nets.CNN([3]int{9, 8, 1}, 3).WithDropout(0.5)
	ends := func(l nets.Layer) nets.Network {
		return nets.Network{Name: "n", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{nets.Flatten{}, nets.Dense{Units: 2, Activation: nets.ReLU}, l}}
	}
	softmaxBefore := []string{`"relu"`, `"softmax"`, `"class_name":"Softmax"`, `"class_name":"Identity"`, `,"axis":-1`, ``}
	const glorot = `{"module":"keras.initializers","class_name":"GlorotUniform","config":{"seed":null},"registered_name":null}`
	for want, config := range map[string]string{
		`Residual "residual": there is no "units"`:                                             edit(t, own, `,"units":3`, ``),
		`Residual "residual": it has a "depth", which is not known`:                            edit(t, own, `"units":3`, `"units":3,"depth":2`),
		`Residual "residual": the units is a string, expected int`:                             edit(t, own, `"units":3`, `"units":"3"`),
		`Residual "residual": the scale is 0.123456789, which is 0.12345679 when it is read`:   edit(t, own, `"scale":0.5`, `"scale":0.123456789`),
		`Residual "residual": the activation "tan" is not known`:                               edit(t, own, `"act":"linear"`, `"act":"tan"`),
		`Residual "residual": the initializer is Orthogonal, expected`:                         edit(t, own, `"kernel":null`, `"kernel":`+strings.Replace(glorot, "GlorotUniform", "Orthogonal", 1)),
		`Residual "residual": the frozen is [3], expected names of layers`:                     edit(t, own, `"units":3`, `"units":3,"frozen":[3]`),
		`Residual "residual": the frozen is [], expected names of layers`:                      edit(t, own, `"units":3`, `"units":3,"frozen":[]`),
		`Residual "residual" has the activity_regularizer {}, expected null`:                   edit(t, own, `"units":3`, `"units":3,"activity_regularizer":{}`),
		`Residual is a class of your own, of which the file does not say`:                      edit(t, own, `"stheno>Residual"`, `"Custom>Residual"`, `"name":"residual",`, ""),
		`Residue "residual": the layer "Residue" is not registered in this program`:            edit(t, own, `"Residual"`, `"Residue"`, "stheno>Residual", "stheno>Residue"),
		`Dense "residual": the layer "Dense" is not registered`:                                edit(t, own, `"Residual"`, `"Dense"`, "stheno>Residual", "stheno>Dense"),
		`Normalize "flatten" has no counterpart`:                                               edit(t, own, `"class_name":"Flatten"`, `"class_name":"Normalize"`),
		`Dense "dense" is there twice`:                                                         edit(t, cnn, `"dense_1"`, `"dense"`),
		`GlorotUniform has the input_axes [0], expected null`:                                  edit(t, cnn, `"seed":null`, `"seed":null,"input_axes":[0]`),
		`Dense "dense" has the kernel_initializer null, expected one`:                          edit(t, nets.MLP([3]int{4, 3, 1}, 2), `"kernel_initializer":`+glorot, `"kernel_initializer":null`),
		`Dense "dense": the initializer is RandomNormal, expected GlorotUniform`:               edit(t, nets.MLP([3]int{4, 3, 1}, 2), `"bias_initializer":{"module":"keras.initializers","class_name":"Zeros","config":{}`, `"bias_initializer":{"module":"keras.initializers","class_name":"RandomNormal","config":{}`),
		`Dense "dense" has the kernel_constraint {}, expected null: it changes what is learnt`: edit(t, cnn, `"kernel_constraint":null,"kernel_initializer":`+glorot+`,"kernel_regularizer":null,"units"`, `"kernel_constraint":{},"kernel_initializer":`+glorot+`,"kernel_regularizer":null,"units"`),
		`Dense "dense": found the trainable 1, expected`:                                       edit(t, cnn, `"name":"dense","trainable":true`, `"name":"dense","trainable":1`),
		`Dropout "dropout": the rate is a string, expected float64`:                            edit(t, cnn, `"rate":0.5`, `"rate":"a"`),
		`Dropout "dropout": there is no "rate"`:                                                edit(t, cnn, `,"rate":0.5`, ``),
		`layer dropout (Dropout) after (1, 1280): a rate of 1`:                                 edit(t, cnn, `"rate":0.5`, `"rate":1`),
		`layer conv2d (Conv2D) after (1, 2, 8, 1): graph: Convolve`:                            edit(t, cnn, `[null,9,8,1]`, `[null,2,8,1]`),
		`Dense "dense_1" is the last layer, and no softmax follows`:                            edit(t, cnn, `"softmax"`, `"linear"`),
		`Dense "dense" stands behind images of [9 8 1], where Keras's sees each pixel alone`:   edit(t, nets.MLP([3]int{9, 8, 1}, 3), `"class_name":"Flatten"`, `"class_name":"Identity"`, `"data_format":"channels_last"`, `"activity_regularizer":null`),
		`Dense "dense" stands behind images of [9 8 1], where Keras's sees`:                    edit(t, nets.Network{Name: "n", Input: [3]int{9, 8, 1}, Layers: []nets.Layer{Shapes{}, nets.Flatten{}, nets.Dense{Units: 2}}}, `"class_name":"Flatten"`, `"class_name":"Identity"`, `"data_format":"channels_last"`, `"activity_regularizer":null`),
		`Dense is a class of your own, of which the file does not say`:                         edit(t, cnn, `"class_name":"Dense"`, `"class_name":"Dense","registered_name":"Custom>Dense"`, `"name":"dense",`, "", `"name":"dense_1",`, "", `,"registered_name":null}`, "}"),
		`Dropout "dropout" stands behind softmax`:                                              edit(t, ends(nets.Dropout{}), softmaxBefore...),
		`Leaky "leaky" stands behind softmax`:                                                  edit(t, ends(Leaky{}), softmaxBefore...),
		`Flatten "flatten_1" stands behind softmax`:                                            edit(t, ends(nets.Flatten{}), softmaxBefore...),
		`found a config of`: strings.Repeat(" ", 1<<20) + edit(t, cnn),
		`Softmax "softmax" stands alone, expected it behind a layer`:      edit(t, nets.Network{Name: "n", Input: [3]int{1, 1, 1}, Layers: []nets.Layer{nets.Flatten{}}}, `"class_name":"Flatten"`, `"class_name":"Identity"`, `"data_format":"channels_last"`, `"activity_regularizer":null`),
		`unexpected end of JSON input`:                                    "",
		`invalid character 'h'`:                                           "hello",
		`found [], expected a layer with its class_name and config`:       "[]",
		`found the trainable "no", expected true or false`:                edit(t, cnn, `"name":"dense","trainable":true`, `"name":"dense","trainable":"no"`),
		`the model has the name "a\x1b[1m", expected one without control`: edit(t, cnn, `"name":"cnn"`, `"name":"a\u001b[1m"`),
		`found null, expected a layer`:                                    "null",
	} {
		n, err := nets.ParseNetwork([]byte(config))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "nets: ") || n.Layers != nil {
			t.Errorf("want an error with %s, got %+v, %v", want, n, err)
		}
	}
	_, err := nets.ParseNetwork([]byte(edit(t, own, `"Residual"`, `"Residue"`, "stheno>Residual", "stheno>Residue")))
	if unknown := (*nets.UnknownLayerError)(nil); !errors.As(err, &unknown) || unknown.Class != "Residue" {
		t.Errorf("%v is no UnknownLayerError", err)
	}
}

// TestStoredConfigs are those that Keras 3.15.1 has written: networks.py.
func TestStoredConfigs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "config", "keras.json"))
	if err != nil {
		t.Fatal(err)
	}
	var read map[string]string
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	holdRead(t, answered{Read: read})
}
