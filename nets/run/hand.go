package run

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"stheno/nets/group"
	"stheno/nets/safetensors"
	"stheno/nets/train"
)

// HandOut gives every rank the state that rank 0's parts are in, and returns
// rank 0's position: weights, moments, sources of randomness and counters, in the
// form of a checkpoint. Other ranks may have fewer callbacks than rank 0, none
// that it has not.
func HandOut(g group.Group, p Parts, c Config, at train.Position) (train.Position, error) {
	if g == nil || g.Size() == 1 {
		return at, nil
	}
	var file bytes.Buffer
	if g.Rank() == 0 {
		state, err := (&Checkpoint{Parts: p, Config: c}).copy(at)
		if err == nil {
			err = state.write(&file)
		}
		if err != nil {
			return at, err
		}
	}
	content, err := group.BroadcastAll(g, file.Bytes())
	if err != nil || g.Rank() == 0 {
		return at, err
	}
	state, err := parseCheckpoint(content)
	if err != nil {
		return at, err
	}
	state.forget(p)
	return state.Position, state.Restore(p)
}

// forget drops the state of callbacks that p does not have.
func (s *State) forget(p Parts) {
	known := make(map[string]bool)
	for _, c := range p.stateful() {
		known[c.Name()] = true
	}
	maps.DeleteFunc(s.callbacks, func(name string, _ json.RawMessage) bool { return !known[name] })
	s.tensors = slices.DeleteFunc(s.tensors, func(t safetensors.Tensor) bool {
		rest, ok := strings.CutPrefix(t.Name, callbackPrefix)
		owner, _, _ := strings.Cut(rest, "/")
		return ok && !known[owner]
	})
}
