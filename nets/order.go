package nets

import (
	"cmp"
	"slices"
)

// branches says whether the network is no chain: whether a layer takes another one's
// output than that of the layer before it.
func branches(steps []step) bool {
	for i, s := range steps {
		if !slices.Equal(s.after, []int{i - 1}) {
			return true
		}
	}
	return false
}

// byDepth are the places of steps in Keras's order, in which its table has them: by the
// number of layers from theirs to the last one at most, the farthest first; those
// equally far as they are met on the way back from the last one, the first input first.
func byDepth(steps []step) []int {
	far, met := make([]int, len(steps)), make([]int, len(steps))
	for i := len(steps) - 1; i >= 0; i-- {
		for _, at := range steps[i].after {
			if at != images {
				far[at] = max(far[at], far[i]+1)
			}
		}
	}
	count := 0
	var back func(i int)
	back = func(i int) {
		if i == images || met[i] > 0 {
			return
		}
		count++
		met[i] = count
		for _, at := range steps[i].after {
			back(at)
		}
	}
	back(len(steps) - 1)
	places := make([]int, len(steps))
	for i := range places {
		places[i] = i
	}
	slices.SortFunc(places, func(i, j int) int {
		return cmp.Or(cmp.Compare(far[j], far[i]), cmp.Compare(met[i], met[j]))
	})
	return places
}
