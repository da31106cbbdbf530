package nets

import (
	"encoding/json"
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"
)

// BatchNormalization brings each channel to mean 0 and variance 1, as Keras's with axis
// -1, and scales and shifts it by what it learns (Ioffe and Szegedy, 2015):
//
//	x (N,...,C) -> (x - mean) / sqrt(variance + Epsilon) · gamma (C) + beta (C)
//
// In training the moments are the batch's, that of all processes which train together,
// and a step moves the states moving_mean and moving_variance (C) towards them:
//
//	moving = moving · Momentum + batch · (1 - Momentum)
//
// In evaluation, in prediction, and where the layer is frozen, they are these moving
// ones. The variance is that of the numbers there are, in both, as in Keras: with N and
// not N-1, so that a batch of one row has the variance 0 in a dense layer.
type BatchNormalization struct {
	Momentum float64 // above 0, at most 1; 0 is 0.99
	Epsilon  float64 // above 0; 0 is 0.001
	NoCenter bool    // there is no beta
	NoScale  bool    // there is no gamma

	Beta, Gamma                Initializer // nil is Zeros, Ones
	MovingMean, MovingVariance Initializer // nil is Zeros, Ones

	BetaRegularizer, GammaRegularizer Regularizer
}

func init() { registerKeras(BatchNormalization{}) }

// batchNormalizationSettings are those of a BatchNormalization under Keras's names.
type batchNormalizationSettings struct {
	Momentum       float64     `json:"momentum"`
	Epsilon        float64     `json:"epsilon"`
	Center         bool        `json:"center"`
	Scale          bool        `json:"scale"`
	Beta           Initializer `json:"beta_initializer,omitzero"`
	Gamma          Initializer `json:"gamma_initializer,omitzero"`
	MovingMean     Initializer `json:"moving_mean_initializer,omitzero"`
	MovingVariance Initializer `json:"moving_variance_initializer,omitzero"`

	BetaRegularizer  Regularizer `json:"beta_regularizer,omitzero"`
	GammaRegularizer Regularizer `json:"gamma_regularizer,omitzero"`
}

// The settings that zero stands for.
const (
	defaultMomentum = 0.99
	defaultEpsilon  = 1e-3
)

func (n BatchNormalization) momentum() float64 { return orDefault(n.Momentum, defaultMomentum) }
func (n BatchNormalization) epsilon() float64  { return orDefault(n.Epsilon, defaultEpsilon) }

func orDefault(v, zero float64) float64 {
	if v == 0 {
		return zero
	}
	return v
}

// MarshalJSON writes the settings under Keras's names.
func (n BatchNormalization) MarshalJSON() ([]byte, error) {
	return json.Marshal(batchNormalizationSettings{n.momentum(), n.epsilon(), !n.NoCenter, !n.NoScale, n.Beta, n.Gamma, n.MovingMean, n.MovingVariance, n.BetaRegularizer, n.GammaRegularizer})
}

// UnmarshalJSON reads what MarshalJSON writes. What is not there is Keras's default.
func (n *BatchNormalization) UnmarshalJSON(text []byte) error {
	s := batchNormalizationSettings{Momentum: defaultMomentum, Epsilon: defaultEpsilon, Center: true, Scale: true}
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if s.Momentum == 0 {
		return errors.New("the momentum is 0, with which the moving moments are the last batch's: it must be above 0")
	}
	if s.Epsilon == 0 {
		return errNoEpsilon
	}
	*n = BatchNormalization{unlessDefault(s.Momentum, defaultMomentum), unlessDefault(s.Epsilon, defaultEpsilon), !s.Center, !s.Scale, s.Beta, s.Gamma, s.MovingMean, s.MovingVariance, s.BetaRegularizer, s.GammaRegularizer}
	return nil
}

// unlessDefault is v, or the zero that stands for it.
func unlessDefault(v, zero float64) float64 {
	if v == zero {
		return 0
	}
	return v
}

// errNoEpsilon is that of a config's layer that normalizes without one.
var errNoEpsilon = errors.New("the epsilon is 0, with which equal numbers are divided by 0: it must be above 0")

// Build adds the layer's weights and states, and one op.
func (n BatchNormalization) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	if m := n.momentum(); !(m > 0 && m <= 1) {
		return nil, fmt.Errorf("a momentum of %g: it must be above 0, and at most 1", m)
	}
	gamma, beta, err := b.gammaBeta(x, n.NoScale, n.NoCenter, n.Gamma, n.Beta)
	if err != nil {
		return nil, err
	}
	b.Penalty(n.GammaRegularizer, gamma)
	b.Penalty(n.BetaRegularizer, beta)
	channels := x.Shape()[x.Dims()-1]
	mean := b.State("moving_mean", n.MovingMean.or(Zeros), channels)
	variance := b.State("moving_variance", n.MovingVariance.or(Ones), channels)
	if b.Phase != Training || b.Frozen() {
		return b.Ops.ChannelNorm(x, gamma, beta, mean, variance, n.epsilon(), b.Rectified())
	}
	y, batchMean, batchVariance, err := b.Ops.BatchNorm(x, gamma, beta, n.epsilon(), b.Rectified(), b.Together)
	if err != nil {
		return nil, err
	}
	b.Become(mean, batchMean, n.momentum())
	b.Become(variance, batchVariance, n.momentum())
	return y, nil
}

// gammaBeta are the weights of a layer that normalizes x (N,...,C), nil where it has
// none.
func (b *Builder) gammaBeta(x *gorgonia.Node, noScale, noCenter bool, ofGamma, ofBeta Initializer) (gamma, beta *gorgonia.Node, err error) {
	if x.Dims() < 2 {
		return nil, nil, fmt.Errorf("wants channels (N,...,C), got %v", x.Shape())
	}
	channels := x.Shape()[x.Dims()-1]
	if !noScale {
		gamma = b.Weight("gamma", ofGamma.or(Ones), fansOf(channels), channels)
	}
	if !noCenter {
		beta = b.Weight("beta", ofBeta.or(Zeros), fansOf(channels), channels)
	}
	return gamma, beta, nil
}

// flops are four a number, and in a training step three more for the moments, which are
// counted with the three of gamma's and beta's gradients: a frozen layer takes neither.
func (n BatchNormalization) flops(in, _ []int) Operations {
	return Operations{4 * product(in), 6 * product(in), 4 * product(in)}
}
