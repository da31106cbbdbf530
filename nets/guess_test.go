package nets_test

import (
	"math"
	"slices"
	"testing"

	"stheno/nets"
)

func TestTop(t *testing.T) {
	s := nets.Scores{Classes: 4, Probabilities: []float32{0.25, 0.25, 0.25, 0.25, 0.1, 0.4, 0.1, 0.4}}
	even := []nets.Guess{{0, 0.25}, {1, 0.25}, {2, 0.25}, {3, 0.25}}
	odd := []nets.Guess{{1, 0.4}, {3, 0.4}, {0, 0.1}, {2, 0.1}}
	for _, c := range []struct {
		i, k int
		want []nets.Guess
	}{
		{0, 1, even[:1]}, {0, 4, even}, {0, 100, even},
		{1, 1, odd[:1]}, {1, 3, odd[:3]}, {1, 4, odd}, {1, 0, nil}, {1, -1, nil}, {1, math.MaxInt, odd},
	} {
		if got := s.Top(c.i, c.k); !slices.Equal(got, c.want) {
			t.Errorf("the %d likeliest of image %d are %v, want %v", c.k, c.i, got, c.want)
		}
	}
	for _, s := range []nets.Scores{s, {}, {Classes: 4, Probabilities: s.Probabilities[:4:8]}} {
		for _, i := range []int{-1, len(s.Probabilities) / 4} {
			func() {
				defer func() {
					if recover() != "nets: the scores have no such image" {
						t.Errorf("image %d of %d is taken", i, len(s.Probabilities)/4)
					}
				}()
				s.Top(i, 1)
			}()
		}
	}
}

// TestLikeliestOfMeans: probabilities that are equal as float32 are as likely, and
// what is no number is the least likely.
func TestLikeliestOfMeans(t *testing.T) {
	got := nets.Likeliest([]float64{math.NaN(), 0.3, 0.3 + 1e-12, 0.4}, 3)
	if want := []nets.Guess{{3, 0.4}, {1, 0.3}, {2, 0.3}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if last := nets.Likeliest([]float32{float32(math.NaN()), 0}, 2)[1].Class; last != 0 {
		t.Error("what is no number is likely")
	}
}
