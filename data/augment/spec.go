package augment

import (
	"fmt"
	"strconv"
	"strings"
)

// Spec says how images are distorted. The zero value, "none", leaves them alone.
type Spec struct {
	Affine  *Affine  // nil: no affine map
	Elastic *Elastic // nil: no displacement
}

// Affine says from which ranges an affine map is drawn. Zero is no such change.
type Affine struct {
	Rotate float64 // degrees, to either side; 0 to 180
	Scale  float64 // part by which each axis grows or shrinks; 0 to 0.9
	Shear  float64 // pixels in x for each pixel in y, to either side; 0 to 2
	Shift  float64 // pixels, along each axis and to either side; 0 to 1000
}

// Elastic is Simard's elastic distortion.
type Elastic struct {
	Alpha float64 // factor of the smoothed noise, in pixels; 0 to 1000
	Sigma float64 // deviation of the Gaussian that smooths it, in pixels; 0.5 to 100
}

// DefaultAffine and DefaultElastic are what a Spec without numbers means: for
// MNIST, distortions after which a person reads every digit without effort.
var (
	DefaultAffine  = Affine{Rotate: 10, Scale: 0.1, Shear: 0.1, Shift: 1.5}
	DefaultElastic = Elastic{Alpha: 20, Sigma: 4}
)

// Off says that images are left alone.
func (s Spec) Off() bool { return s.Affine == nil && s.Elastic == nil }

// String is the one way to write s: every part with all its numbers, so that a
// later version's defaults do not change what it means. [Parse] reads it.
func (s Spec) String() string {
	var parts []string
	for _, p := range s.parts() {
		if !p.on {
			continue
		}
		var settings []string
		for _, n := range p.numbers {
			settings = append(settings, n.name+"="+strconv.FormatFloat(*n.value, 'f', -1, 64))
		}
		parts = append(parts, p.name+":"+strings.Join(settings, ","))
	}
	if parts == nil {
		return none
	}
	return strings.Join(parts, "+")
}

// none is the Spec that leaves images alone.
const none = "none"

// Forms shows how a Spec is written, for the help of a flag.
const Forms = "none, affine, elastic or affine+elastic, with numbers as in affine:rotate=10,scale=0.1,shear=0.1,shift=1.5+elastic:alpha=20,sigma=4 (degrees, parts, parts, pixels; pixels)"

// part is one kind of distortion as it is written.
type part struct {
	name    string
	on      bool
	numbers []number
}

// number is one of its settings.
type number struct {
	name     string
	value    *float64
	min, max float64
}

// parts are all kinds, with copies of s's settings, or with the defaults.
func (s Spec) parts() []part {
	a, e := DefaultAffine, DefaultElastic
	if s.Affine != nil {
		a = *s.Affine
	}
	if s.Elastic != nil {
		e = *s.Elastic
	}
	return []part{affinePart(&a, s.Affine != nil), elasticPart(&e, s.Elastic != nil)}
}

func affinePart(a *Affine, on bool) part {
	return part{"affine", on, []number{{"rotate", &a.Rotate, 0, 180}, {"scale", &a.Scale, 0, 0.9}, {"shear", &a.Shear, 0, 2}, {"shift", &a.Shift, 0, 1000}}}
}

func elasticPart(e *Elastic, on bool) part {
	return part{"elastic", on, []number{{"alpha", &e.Alpha, 0, 1000}, {"sigma", &e.Sigma, 0.5, 100}}}
}

// Check names the first number of s that is out of its range.
func (s Spec) Check() error {
	for _, p := range s.parts() {
		for _, n := range p.numbers {
			if err := n.check(p.name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n number) check(part string) error {
	if !(*n.value >= n.min && *n.value <= n.max) {
		return fmt.Errorf("augment: %s:%s=%v: must be from %v to %v", part, n.name, *n.value, n.min, n.max)
	}
	return nil
}
