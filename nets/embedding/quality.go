package embedding

// Quality is what an embedding was found to be worth.
type Quality struct {
	References int        `json:"references"` // images that it was trained on, and that classes are told by
	Queries    int        `json:"queries"`    // images that it has not seen, whose class is told
	K          int        `json:"k"`          // neighbours that vote
	Neighbours float64    `json:"neighbours"` // share of the queries that they tell right
	Probe      float64    `json:"linear_probe"`
	Variance   [2]float64 `json:"variance"` // share of the queries' that lies along the axes of Map
	Map        []Place    `json:"map"`      // of some of the queries
}

// Place is where a point lies in the plane.
type Place struct {
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	Label int     `json:"label"`
}

// The bounds that keep Measure to seconds, and a picture readable.
const (
	MaxImages = 10_000 // of references, and of queries
	maxPlaces = 1_000
	k         = 5
)

// Measure finds out what an embedding is worth, given points of images that it
// was trained on, and of others.
func Measure(references, queries Points) Quality {
	q := Quality{References: references.Len(), Queries: queries.Len(), K: k}
	q.Neighbours = Neighbours(references, queries, k)
	q.Probe = LinearProbe(references, queries)
	at, variance := Plane(queries)
	q.Variance = variance
	for _, i := range Spread(queries.Len(), maxPlaces) {
		q.Map = append(q.Map, Place{at[i][0], at[i][1], queries.Labels[i]})
	}
	return q
}

// Spread are at most so many of n rows, evenly spread.
func Spread(n, most int) []int {
	rows := make([]int, min(n, most))
	for i := range rows {
		rows[i] = i * n / len(rows)
	}
	return rows
}
