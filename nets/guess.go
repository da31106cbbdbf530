package nets

import (
	"cmp"
	"slices"

	"stheno/graph"
)

// Guess is a class, and how likely a network says it is.
type Guess struct {
	Class       int
	Probability float32
}

// panicScores is what a caller's bug is answered with.
const panicScores = "nets: the scores have no such image"

// Top returns the k likeliest classes of image i, the likeliest first; of classes
// that are as likely, the lower one comes first. A k above the number of classes is
// all of them, one below 1 none. It panics unless there is an image i.
func (s Scores) Top(i, k int) []Guess {
	if i < 0 || i >= len(s.Probabilities)/max(1, s.Classes) {
		panic(panicScores)
	}
	return Likeliest(s.Probabilities[i*s.Classes:(i+1)*s.Classes], k)
}

// Likeliest is Top of the probabilities of one image, (classes). They are compared
// as float32; one that is not a number comes last.
func Likeliest[T graph.Float](probabilities []T, k int) []Guess {
	all := make([]Guess, len(probabilities))
	for class, p := range probabilities {
		all[class] = Guess{class, float32(p)}
	}
	slices.SortStableFunc(all, func(a, b Guess) int { return cmp.Compare(b.Probability, a.Probability) })
	return all[:max(0, min(k, len(all)))]
}
