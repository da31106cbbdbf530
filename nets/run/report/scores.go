package report

import (
	"cmp"
	"slices"
)

// Scores are a class's. A share of nothing is 0: the precision of a class that
// was never predicted, the recall of one that no test image has.
type Scores struct {
	Precision float64 `json:"precision"` // of the images taken for it, the share that are
	Recall    float64 `json:"recall"`    // of its images, the share that are found
	F1        float64 `json:"f1"`        // the harmonic mean of both
}

// Class is a class with its scores.
type Class struct {
	Label  int    `json:"label"`
	Name   string `json:"name"`
	Images int    `json:"images"` // of the test set; also called its support
	Scores
}

// Pair is a class that was taken for another.
type Pair struct {
	Label     int     `json:"label"`
	Name      string  `json:"name"`
	Taken     int     `json:"taken_for"`
	TakenName string  `json:"taken_for_name"`
	Images    int     `json:"images"`
	Share     float64 `json:"share"` // of the images of Label
}

// mostConfused is how many pairs a report has.
const mostConfused = 10

// confusion counts the images of class [row] that were taken for [column].
func confusion(p *predictions, classes int) [][]int {
	counts := make([][]int, classes)
	for i := range counts {
		counts[i] = make([]int, classes)
	}
	for _, image := range p.images {
		counts[image.label][image.predicted]++
	}
	return counts
}

// classes are the scores of each class and their means.
func classes(counts [][]int, name func(int) string) (all []Class, macro Scores) {
	for label, row := range counts {
		images, taken := 0, 0
		for other := range counts {
			images += row[other]
			taken += counts[other][label]
		}
		s := Scores{Precision: share(row[label], taken), Recall: share(row[label], images), F1: share(2*row[label], images+taken)}
		all = append(all, Class{label, name(label), images, s})
		macro.Precision += s.Precision / float64(len(counts))
		macro.Recall += s.Recall / float64(len(counts))
		macro.F1 += s.F1 / float64(len(counts))
	}
	return all, macro
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// pairs are the most frequent confusions; those of equal frequency in the
// order of their labels.
func pairs(counts [][]int, name func(int) string) []Pair {
	found := []Pair{} // [] in JSON, not null
	for label, row := range counts {
		images := 0
		for _, n := range row {
			images += n
		}
		for taken, n := range row {
			if n > 0 && taken != label {
				found = append(found, Pair{label, name(label), taken, name(taken), n, share(n, images)})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Pair) int { return cmp.Compare(b.Images, a.Images) })
	return found[:min(mostConfused, len(found))]
}
