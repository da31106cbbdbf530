package nets

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"

	"stheno/graph"
)

// Activation is the function that a layer's output goes through, one of Keras's with
// its defaults. Those with settings of their own are layers: [ReLULayer],
// [LeakyReLULayer], [ELULayer], [PReLU].
type Activation int

// The activations. There is no softmax at a network's end: the loss has one of its
// own, which cannot overflow, and so has prediction.
const (
	Linear      Activation = iota // y = z
	ReLU                          // y = max(0, z)
	ReLU6                         // y = min(max(0, z), 6)
	LeakyReLU                     // y = z above 0, 0.2·z below: the layer of that name has 0.3
	ELU                           // y = z above 0, exp(z)-1 below
	SELU                          // y = 1.0507·z above 0, 1.7581·(exp(z)-1) below
	GELU                          // y = z·Φ(z), of the normal distribution's Φ
	SiLU                          // y = z·sigmoid(z), also called swish
	Tanh                          // y = tanh(z)
	Sigmoid                       // y = 1/(1+exp(-z))
	HardSigmoid                   // y = min(max(0, z+3), 6)/6
	HardSiLU                      // y = z·hard_sigmoid(z), also called hard swish
	Softplus                      // y = log(1+exp(z))
	Softsign                      // y = z/(1+|z|)
	Mish                          // y = z·tanh(softplus(z))
	Exponential                   // y = exp(z)
	Softmax                       // y = exp(z)/sum(exp(z)) along the last axis
	GELUTanh                      // GELU by a tanh, as approximate=True of Keras's; no config can say it
)

// activations are the activations' names, the first of which is what Keras writes,
// and their functions.
var activations = map[Activation]struct {
	names []string
	is    graph.Activation
}{
	Linear:      {names: []string{"linear"}},
	ReLU:        {[]string{"relu"}, graph.Activation{Function: graph.Rectify}},
	ReLU6:       {[]string{"relu6"}, graph.Activation{Function: graph.Rectify, Max: 6}},
	LeakyReLU:   {[]string{"leaky_relu"}, graph.Activation{Function: graph.Rectify, Slope: 0.2}},
	ELU:         {[]string{"elu"}, graph.Activation{Function: graph.ELU, Slope: 1}},
	SELU:        {[]string{"selu"}, graph.Activation{Function: graph.SELU}},
	GELU:        {[]string{"gelu"}, graph.Activation{Function: graph.GELU}},
	SiLU:        {[]string{"silu", "swish"}, graph.Activation{Function: graph.SiLU}},
	Tanh:        {[]string{"tanh"}, graph.Activation{Function: graph.Tanh}},
	Sigmoid:     {[]string{"sigmoid"}, graph.Activation{Function: graph.Sigmoid}},
	HardSigmoid: {[]string{"hard_sigmoid"}, graph.Activation{Function: graph.HardSigmoid}},
	HardSiLU:    {[]string{"hard_silu", "hard_swish"}, graph.Activation{Function: graph.HardSiLU}},
	Softplus:    {[]string{"softplus"}, graph.Activation{Function: graph.Softplus}},
	Softsign:    {[]string{"softsign"}, graph.Activation{Function: graph.Softsign}},
	Mish:        {[]string{"mish"}, graph.Activation{Function: graph.Mish}},
	Exponential: {[]string{"exponential"}, graph.Activation{Function: graph.Exponential}},
	Softmax:     {names: []string{"softmax"}},
	GELUTanh:    {[]string{"gelu_tanh"}, graph.Activation{Function: graph.GELUTanh}},
}

// String is Keras's name.
func (a Activation) String() string {
	if known, ok := activations[a]; ok {
		return known.names[0]
	}
	return fmt.Sprintf("Activation(%d)", int(a))
}

// MarshalJSON writes Keras's name. It refuses GELUTanh: in Keras's configs gelu is
// the exact one, whatever the layer has been given.
func (a Activation) MarshalJSON() ([]byte, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	if a == GELUTanh {
		return nil, fmt.Errorf("the activation %v, Keras's gelu with approximate=True, has no name in a config: take GELU", a)
	}
	return json.Marshal(a.String())
}

// UnmarshalJSON reads Keras's names.
func (a *Activation) UnmarshalJSON(text []byte) error {
	var name string
	if err := json.Unmarshal(text, &name); err != nil {
		return fmt.Errorf("the activation is %.60s, expected a name, such as %q", text, ReLU)
	}
	for known := range GELUTanh {
		if slices.Contains(activations[known].names, name) {
			*a = known
			return nil
		}
	}
	return fmt.Errorf("the activation %.60q is not known; there are %s", name, activationNames())
}

// activationNames are those that a config can have.
func activationNames() string {
	var all []string
	for a := range GELUTanh {
		all = append(all, activations[a].names...)
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

// check refuses a number that is no activation.
func (a Activation) check() error {
	if _, ok := activations[a]; !ok {
		return fmt.Errorf("the activation %v is not known; there are %s", a, activationNames())
	}
	return nil
}

// rectified says whether a layer with this activation, whose op rectifies at no cost,
// is to do so: for itself, or for the ReLU behind it.
func (a Activation) rectified(b *Builder) bool {
	return a == ReLU || a == Linear && b.Rectified()
}

// after adds the activation behind y.
func (a Activation) after(b *Builder, y *gorgonia.Node) (*gorgonia.Node, error) {
	switch a {
	case Linear:
		return y, nil
	case Softmax:
		return b.Ops.Softmax(y)
	}
	return b.Ops.Activate(y, activations[a].is)
}
