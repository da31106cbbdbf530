package augment

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"":                "none",
		"none":            "none",
		"affine":          Spec{Affine: &DefaultAffine}.String(),
		"elastic":         Spec{Elastic: &DefaultElastic}.String(),
		"affine+elastic":  Spec{&DefaultAffine, &DefaultElastic}.String(),
		"elastic+affine":  Spec{&DefaultAffine, &DefaultElastic}.String(),
		"elastic:sigma=5": Spec{Elastic: &Elastic{DefaultElastic.Alpha, 5}}.String(),
		"affine:shift=1e1,rotate=-0,scale=.5,shear=0":                             "affine:rotate=0,scale=0.5,shear=0,shift=10",
		"affine:rotate=15,scale=0.15,shear=0.15,shift=2+elastic:alpha=34,sigma=4": "affine:rotate=15,scale=0.15,shear=0.15,shift=2+elastic:alpha=34,sigma=4",
	} {
		s, err := Parse(text)
		if err != nil || s.String() != want {
			t.Errorf("%q is %q (%v), expected %q", text, s, err, want)
		}
		if s.Off() != (want == "none") {
			t.Errorf("%q is off: %v", text, s.Off())
		}
	}
	if DefaultAffine != (Affine{10, 0.1, 0.1, 1.5}) || DefaultElastic != (Elastic{20, 4}) || !strings.Contains(Forms, Spec{&DefaultAffine, &DefaultElastic}.String()) {
		t.Error("the defaults are not those that the flag's help shows, or parsing has changed them")
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"rotate":                    `"rotate" is no distortion, expected affine or elastic, joined by +`,
		"affine+":                   `"" is no distortion`,
		"affine+affine:shift=1":     "affine stands there twice",
		"none+affine":               "none stands alone",
		"affine:":                   `affine: "" is no NAME=NUMBER, as in rotate=10`,
		"affine:rotate":             `affine: "rotate" is no NAME=NUMBER`,
		"affine:rotate=1,":          `affine: "" is no NAME=NUMBER`,
		"affine:angle=1":            `affine has no "angle", expected rotate, scale, shear, shift`,
		"elastic:shift=1":           `elastic has no "shift", expected alpha, sigma`,
		"affine:shift=1,shift=2":    "affine: shift stands there twice",
		"elastic:alpha=much":        `elastic: alpha="much" is no number`,
		"elastic:alpha=1e999":       `elastic: alpha="1e999" is no number`,
		"affine:rotate=181":         "affine:rotate=181: must be from 0 to 180",
		"affine:rotate=-1":          "affine:rotate=-1: must be from 0 to 180",
		"affine:scale=1":            "affine:scale=1: must be from 0 to 0.9",
		"affine:shear=NaN":          "affine:shear=NaN: must be from 0 to 2",
		"affine:shift=Inf":          "affine:shift=+Inf: must be from 0 to 1000",
		"elastic:sigma=0":           "elastic:sigma=0: must be from 0.5 to 100",
		"elastic:alpha=34,sigma=4 ": `elastic: sigma="4 " is no number`,
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, expected %q", text, err, want)
		}
	}
}

// What is accepted has one way to be written, which means the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "none", "affine", "elastic:alpha=34,sigma=4+affine:shift=1e-7", "affine:rotate=0x1p-2", "elastic:,", "+", "affine:scale=.1_5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		if err := s.Check(); err != nil {
			t.Fatalf("%q is accepted: %v", text, err)
		}
		again, err := Parse(s.String())
		if err != nil || again.String() != s.String() {
			t.Fatalf("%q is written %q, which is %q (%v)", text, s, again, err)
		}
	})
}
