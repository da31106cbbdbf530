package page

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"

	"stheno/data"
	"stheno/nets"
)

// maxGallery is how many test images are sent at most.
const maxGallery = 60

// verdict is what a network says of one test image.
type verdict struct {
	index, label, guess int
	right               float32 // the probability of the label
	sure                float32 // and that of the guess
}

// errorCache holds the verdicts of the networks that were asked about, each
// computed once.
type errorCache struct {
	mu    sync.Mutex
	known map[*nets.Predictor]*verdicts
}

type verdicts struct {
	once sync.Once
	list []verdict
	err  error
}

// of looks a network up, or asks it about all test images, some in each turn. Networks that are no longer shown are forgotten.
func (c *errorCache) of(m Model, set *data.Set, current []Model, turn func() (leave func(), err error)) ([]verdict, error) {
	c.mu.Lock()
	v, ok := c.known[m.Predictor]
	if !ok {
		known := map[*nets.Predictor]*verdicts{}
		for _, other := range current {
			if old, ok := c.known[other.Predictor]; ok {
				known[other.Predictor] = old
			}
		}
		v = &verdicts{}
		known[m.Predictor] = v
		c.known = known
	}
	c.mu.Unlock()
	v.once.Do(func() { v.list, v.err = judge(m, set, turn) })
	return v.list, v.err
}

// judge asks a network about all test images, some at a time.
func judge(m Model, set *data.Set, turn func() (leave func(), err error)) (list []verdict, err error) {
	const chunk = 32
	labels := make([]int, chunk)
	images := make([]float32, chunk*m.size())
	for batch := range set.Batches(chunk, nil) {
		n := len(batch.Rows)
		data.Decode(batch, images[:n*m.size()], labels[:n])
		leave, err := turn()
		if err != nil {
			return nil, err
		}
		scores, err := m.Predictor.Predict(images[:n*m.size()])
		leave()
		if err != nil {
			return nil, err
		}
		for i, row := range batch.Rows {
			top, right := scores.Top(i, 1)[0], float32(0)
			if labels[i] < scores.Classes {
				right = scores.Probabilities[i*scores.Classes+labels[i]]
			}
			list = append(list, verdict{row, labels[i], top.Class, right, top.Probability})
		}
	}
	return list, nil
}

// verdictsOf is for the network that a query names.
func (p *Page) verdictsOf(query url.Values) (Model, []verdict, error) {
	m, err := p.model(query.Get("model"))
	if err != nil {
		return m, nil, err
	}
	set := p.source.Test()
	if set == nil {
		return m, nil, refuse(http.StatusNotFound, "there are no test images")
	}
	if set.Shape() != m.input() {
		return m, nil, refuse(http.StatusConflict, "test images of %v, the network takes %v", set.Shape(), m.input())
	}
	if all := p.source.Models(); len(all) > 0 && !slices.Equal(m.classes(), all[0].classes()) {
		return m, nil, refuse(http.StatusConflict, "the test images are those of %s, whose classes are others than those of %s", all[0].Name, m.Name)
	}
	list, err := p.errors.of(m, set, p.source.Models(), p.judging)
	return m, list, err
}

// judging waits for a turn to judge some test images. Who has asked for them may be
// gone: others ask for the same. But when the page closes it ends, since the
// server's end waits for it.
func (p *Page) judging() (leave func(), err error) {
	p.drawings.giveWay()
	if p.closed() {
		return nil, errStops
	}
	return p.budget.turn(context.Background())
}

type confusionJSON struct {
	Matrix   [][]int `json:"matrix"` // by label, then by guess
	Accuracy float64 `json:"accuracy"`
}

func (p *Page) confusion(_ http.ResponseWriter, r *http.Request) (any, error) {
	m, list, err := p.verdictsOf(r.URL.Query())
	if err != nil {
		return nil, err
	}
	answer, right := confusionJSON{}, 0
	for range m.classes() {
		answer.Matrix = append(answer.Matrix, make([]int, len(m.classes())))
	}
	for _, v := range list {
		if v.label >= len(answer.Matrix) {
			continue // a class that the network has not learnt
		}
		answer.Matrix[v.label][v.guess]++
		if v.label == v.guess {
			right++
		}
	}
	answer.Accuracy = float64(right) / float64(max(1, len(list)))
	return answer, nil
}

type testJSON struct {
	Index int     `json:"index"`
	Label int     `json:"label"`
	Guess int     `json:"guess"`
	Sure  float32 `json:"sure"` // the probability of the guess
	Image []byte  `json:"image"`
}

type testsJSON struct {
	Total  int        `json:"total"`
	Images []testJSON `json:"images"`
}

// tests lists errors, or one cell of the matrix: first those whose label was
// thought least likely.
func (p *Page) tests(_ http.ResponseWriter, r *http.Request) (any, error) {
	query := r.URL.Query()
	m, list, err := p.verdictsOf(query)
	if err != nil {
		return nil, err
	}
	label, err := class(query, "label", len(m.classes()))
	if err != nil {
		return nil, err
	}
	guess, err := class(query, "guess", len(m.classes()))
	if err != nil {
		return nil, err
	}
	var chosen []verdict
	for _, v := range list {
		errs := v.label != v.guess || label >= 0 && guess >= 0
		if errs && (label < 0 || label == v.label) && (guess < 0 || guess == v.guess) {
			chosen = append(chosen, v)
		}
	}
	slices.SortStableFunc(chosen, func(a, b verdict) int { return cmp.Compare(a.right, b.right) })
	answer := testsJSON{Total: len(chosen), Images: []testJSON{}}
	set := p.source.Test()
	for _, v := range chosen[:min(maxGallery, len(chosen))] {
		pixels, _ := set.Pick(v.index).Row(0)
		answer.Images = append(answer.Images, testJSON{v.index, v.label, v.guess, v.sure, pixels})
	}
	return answer, nil
}

// class is a number of a class in a query; -1 if it is not there.
func class(query url.Values, name string, classes int) (int, error) {
	text := query.Get(name)
	if text == "" {
		return -1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n >= classes {
		return 0, refuse(http.StatusBadRequest, "%s=%s: is no class, 0 to %d are", name, text, classes-1)
	}
	return n, nil
}
