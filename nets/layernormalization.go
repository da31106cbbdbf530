package nets

import (
	"encoding/json"

	"gorgonia.org/gorgonia"
)

// LayerNormalization brings each row of channels to mean 0 and variance 1, as Keras's
// with axis -1, and scales and shifts them by what it learns (Ba et al., 2016):
//
//	x (N,...,C) -> (x - mean(row)) / sqrt(variance(row) + Epsilon) · gamma (C) + beta (C)
//
// It is the same in all phases. Behind Flatten or Dense a row is an image's, else a
// pixel's.
type LayerNormalization struct {
	Epsilon     float64     // above 0; 0 is 0.001
	NoCenter    bool        // there is no beta
	NoScale     bool        // there is no gamma
	Beta, Gamma Initializer // nil is Zeros, Ones

	BetaRegularizer, GammaRegularizer Regularizer
}

func init() { registerKeras(LayerNormalization{}) }

// layerNormalizationSettings are those of a LayerNormalization under Keras's names.
type layerNormalizationSettings struct {
	Epsilon float64     `json:"epsilon"`
	Center  bool        `json:"center"`
	Scale   bool        `json:"scale"`
	Beta    Initializer `json:"beta_initializer,omitzero"`
	Gamma   Initializer `json:"gamma_initializer,omitzero"`

	BetaRegularizer  Regularizer `json:"beta_regularizer,omitzero"`
	GammaRegularizer Regularizer `json:"gamma_regularizer,omitzero"`
}

func (n LayerNormalization) epsilon() float64 { return orDefault(n.Epsilon, defaultEpsilon) }

// MarshalJSON writes the settings under Keras's names.
func (n LayerNormalization) MarshalJSON() ([]byte, error) {
	return json.Marshal(layerNormalizationSettings{n.epsilon(), !n.NoCenter, !n.NoScale, n.Beta, n.Gamma, n.BetaRegularizer, n.GammaRegularizer})
}

// UnmarshalJSON reads what MarshalJSON writes. What is not there is Keras's default.
func (n *LayerNormalization) UnmarshalJSON(text []byte) error {
	s := layerNormalizationSettings{Epsilon: defaultEpsilon, Center: true, Scale: true}
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if s.Epsilon == 0 {
		return errNoEpsilon
	}
	*n = LayerNormalization{unlessDefault(s.Epsilon, defaultEpsilon), !s.Center, !s.Scale, s.Beta, s.Gamma, s.BetaRegularizer, s.GammaRegularizer}
	return nil
}

// Build adds the layer's weights and one op.
func (n LayerNormalization) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	gamma, beta, err := b.gammaBeta(x, n.NoScale, n.NoCenter, n.Gamma, n.Beta)
	if err != nil {
		return nil, err
	}
	b.Penalty(n.GammaRegularizer, gamma)
	b.Penalty(n.BetaRegularizer, beta)
	return b.Ops.LayerNorm(x, gamma, beta, n.epsilon())
}

// flops are seven a number, three of them for the moments.
func (n LayerNormalization) flops(in, _ []int) Operations {
	return Operations{7 * product(in), 3 * product(in), 8 * product(in)}
}
