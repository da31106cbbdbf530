package augment

import (
	"fmt"
	"strconv"
	"strings"
)

// Parse reads a Spec:
//
//	none
//	affine
//	elastic:alpha=34
//	affine:rotate=10,scale=0.1,shear=0.1,shift=1.5+elastic:alpha=20,sigma=4
//
// Numbers that are left out are those of [DefaultAffine] and [DefaultElastic].
// An empty text is none.
func Parse(text string) (Spec, error) {
	var s Spec
	if text == "" || text == none {
		return s, nil
	}
	for piece := range strings.SplitSeq(text, "+") {
		name, settings, numbered := strings.Cut(piece, ":")
		p, err := s.begin(name)
		if err == nil && numbered {
			err = p.read(settings)
		}
		if err != nil {
			return Spec{}, err
		}
	}
	return s, nil
}

// begin adds a kind of distortion to s, with its defaults, and returns it to be
// written to.
func (s *Spec) begin(name string) (part, error) {
	switch {
	case name == "affine" && s.Affine == nil:
		a := DefaultAffine
		s.Affine = &a
		return affinePart(&a, true), nil
	case name == "elastic" && s.Elastic == nil:
		e := DefaultElastic
		s.Elastic = &e
		return elasticPart(&e, true), nil
	case name == "affine" || name == "elastic":
		return part{}, fmt.Errorf("augment: %s stands there twice", name)
	case name == none:
		return part{}, fmt.Errorf("augment: none stands alone")
	}
	return part{}, fmt.Errorf("augment: %q is no distortion, expected affine or elastic, joined by +", name)
}

// read reads NAME=NUMBER,NAME=NUMBER...
func (p part) read(settings string) error {
	seen := make(map[string]bool)
	for setting := range strings.SplitSeq(settings, ",") {
		name, value, ok := strings.Cut(setting, "=")
		n, known := p.number(name)
		switch {
		case !ok:
			return fmt.Errorf("augment: %s: %q is no NAME=NUMBER, as in %s=%v", p.name, setting, p.numbers[0].name, *p.numbers[0].value)
		case !known:
			return fmt.Errorf("augment: %s has no %q, expected %s", p.name, name, p.names())
		case seen[name]:
			return fmt.Errorf("augment: %s: %s stands there twice", p.name, name)
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return fmt.Errorf("augment: %s: %s=%q is no number", p.name, name, value)
		}
		seen[name], *n.value = true, v+0 // -0 becomes 0
		if err := n.check(p.name); err != nil {
			return err
		}
	}
	return nil
}

func (p part) number(name string) (number, bool) {
	for _, n := range p.numbers {
		if n.name == name {
			return n, true
		}
	}
	return number{}, false
}

func (p part) names() string {
	var names []string
	for _, n := range p.numbers {
		names = append(names, n.name)
	}
	return strings.Join(names, ", ")
}
