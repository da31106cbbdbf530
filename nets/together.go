package nets

// together is a model's Together, which may be another one in each step. It is a
// graph.Together.
type together struct{ model *Model }

func (t together) Place() (process, processes int) {
	if t.model.Together == nil {
		return 0, 1
	}
	return t.model.Together.Place()
}

func (t together) Rows(own int) int      { return t.model.Together.Rows(own) }
func (t together) Sum(x []float64) error { return t.model.Together.Sum(x) }
