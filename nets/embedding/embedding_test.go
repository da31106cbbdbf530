package embedding

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// around are n points around each of some directions, labelled by them.
func around(seed uint64, n int, noise float64, directions ...[]float32) Points {
	rng := rand.New(rand.NewPCG(seed, 0))
	p := Points{Dims: len(directions[0])}
	for i := range n * len(directions) {
		label := i % len(directions)
		x, length := make([]float64, p.Dims), 0.0
		for j, v := range directions[label] {
			x[j] = float64(v) + noise*rng.NormFloat64()
			length += x[j] * x[j]
		}
		for _, v := range x {
			p.Values = append(p.Values, float32(v/math.Sqrt(length)))
		}
		p.Labels = append(p.Labels, label)
	}
	return p
}

var axes = [][]float32{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}

// slowNeighbours is the definition, by sorting.
func slowNeighbours(references, queries Points, k int) float64 {
	right := 0
	for i, label := range queries.Labels {
		order := make([]int, references.Len())
		for j := range order {
			order[j] = j
		}
		cosine := func(j int) (sum float64) {
			for d, v := range queries.row(i) {
				sum += float64(v) * float64(references.row(j)[d])
			}
			return sum
		}
		slices.SortStableFunc(order, func(a, b int) int {
			switch d := cosine(b) - cosine(a); {
			case d > 0:
				return 1
			case d < 0:
				return -1
			}
			return 0
		})
		votes := map[int]int{}
		best := -1
		for _, j := range order[:k] {
			votes[references.Labels[j]]++
		}
		for _, j := range order[:k] {
			if l := references.Labels[j]; best < 0 || votes[l] > votes[best] {
				best = l
			}
		}
		if best == label {
			right++
		}
	}
	return float64(right) / float64(queries.Len())
}

func TestNeighboursAreTheNearest(t *testing.T) {
	for _, noise := range []float64{0.05, 0.5, 1} {
		references, queries := around(1, 37, noise, axes...), around(2, 101, noise, axes...)
		for _, k := range []int{1, 4, 5} {
			if got, want := Neighbours(references, queries, k), slowNeighbours(references, queries, k); got != want {
				t.Errorf("noise %v, k %d: %v, want %v", noise, k, got, want)
			}
		}
	}
	if one := Neighbours(around(1, 1, 0, axes...), around(2, 9, 0.1, axes...), 5); one != 1 {
		t.Errorf("%v: of classes with one vote each that of the nearest wins", one)
	}
}

func TestLinearProbeTellsWhatIsSeparable(t *testing.T) {
	if got := LinearProbe(around(1, 50, 0.1, axes...), around(2, 50, 0.1, axes...)); got != 1 {
		t.Errorf("%v of separable points", got)
	}
	shuffled := around(1, 400, 0.1, axes...)
	rng := rand.New(rand.NewPCG(5, 5))
	for i := range shuffled.Labels {
		shuffled.Labels[i] = rng.IntN(3)
	}
	if got := LinearProbe(shuffled, around(2, 400, 0.1, axes...)); got > 0.8 {
		t.Errorf("%v after learning random labels", got)
	}
}

// TestPlaneKeepsDistances of points that lie in a plane, and knows its variance.
func TestPlaneKeepsDistances(t *testing.T) {
	flat := around(3, 60, 0.4, []float32{1, 0}, []float32{0, 1})
	p := Points{Dims: 5, Labels: flat.Labels}
	a, b := []float64{0.5, 0.5, 0.5, 0.5, 0}, []float64{0.5, -0.5, 0.5, -0.5, 0}
	for i := range flat.Labels {
		for j := range 5 {
			p.Values = append(p.Values, float32(a[j]*float64(flat.row(i)[0])+b[j]*float64(flat.row(i)[1])))
		}
	}
	at, variance := Plane(p)
	if math.Abs(variance[0]+variance[1]-1) > 1e-6 || variance[0] < variance[1] {
		t.Errorf("variance %v", variance)
	}
	for i := 1; i < p.Len(); i++ {
		want, got := 0.0, 0.0
		for j := range 5 {
			want += math.Pow(float64(p.row(i)[j]-p.row(0)[j]), 2)
		}
		for j := range 2 {
			got += math.Pow(at[i][j]-at[0][j], 2)
		}
		if math.Abs(got-want) > 1e-6 {
			t.Fatalf("point %d: squared distance %v, want %v", i, got, want)
		}
	}
}

func TestSpread(t *testing.T) {
	if got := Spread(10, 4); !slices.Equal(got, []int{0, 2, 5, 7}) {
		t.Errorf("%v", got)
	}
	if got := Spread(3, 4); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("%v", got)
	}
}
