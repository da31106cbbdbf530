package run

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"

	"stheno/nets/internal/strict"
	"stheno/nets/safetensors"
	"stheno/nets/train"
)

// A checkpoint is a safetensors file, which any reader of that format opens:
// the weights under their names, what belongs to the optimizer and to callbacks
// under "optimizer/" and "callback/NAME/". Its metadata are
//
//	format  "stheno checkpoint 1"
//	sha256  of the whole file, with 64 zeros in this place
//	state   JSON: settings, data, position, sources of randomness, counters, and
//	        a CRC-32C of each tensor, which tells where a damage is
//
// A file is read only if it is, byte for byte, what would be written of its
// content, so a flipped bit anywhere is seen.
const checkpointFormat = "stheno checkpoint 1"

// The keys of the metadata.
const (
	formatKey = "format"
	sumKey    = "sha256"
	stateKey  = "state"
)

var noSum = strings.Repeat("0", 2*sha256.Size)

// stateJSON is the metadata's state.
type stateJSON struct {
	Config    Config                     `json:"config"`
	Position  train.Position             `json:"position"`
	Optimizer optimizerState             `json:"optimizer"`
	Noise     []byte                     `json:"noise"`
	Callbacks map[string]json.RawMessage `json:"callbacks"`
	CRC32C    map[string]uint32          `json:"crc32c"`
}

// write writes the state as a checkpoint. The same state gives the same bytes.
func (s *State) write(w io.Writer) error {
	metadata, err := s.metadata()
	if err != nil {
		return err
	}
	sum := sha256.New()
	if err := safetensors.Write(sum, s.tensors, metadata); err != nil {
		return err
	}
	metadata[sumKey] = hex.EncodeToString(sum.Sum(nil))
	return safetensors.Write(w, s.tensors, metadata)
}

// metadata is a checkpoint's, but for its sum.
func (s *State) metadata() (map[string]string, error) {
	sums := make(map[string]uint32, len(s.tensors))
	for _, t := range s.tensors {
		sums[t.Name] = crc32.Checksum(t.Data, castagnoli)
	}
	state, err := json.Marshal(stateJSON{s.Config, s.Position, s.optimizer, s.noise, s.callbacks, sums})
	return map[string]string{formatKey: checkpointFormat, sumKey: noSum, stateKey: string(state)}, err
}

// readCheckpoint reads a checkpoint and refuses one that is damaged.
func readCheckpoint(path string) (*State, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := parseCheckpoint(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func parseCheckpoint(content []byte) (*State, error) {
	tensors, metadata, err := safetensors.Read(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, err
	}
	if format := metadata[formatKey]; format != checkpointFormat {
		return nil, fmt.Errorf("has the format %.40q, expected %q", format, checkpointFormat)
	}
	var state stateJSON
	if err := strict.Decode([]byte(metadata[stateKey]), &state); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	for _, t := range tensors {
		if want, found := state.CRC32C[t.Name], crc32.Checksum(t.Data, castagnoli); found != want {
			return nil, fmt.Errorf("tensor %.60q: has the checksum %08x, expected %08x: the file is damaged", t.Name, found, want)
		}
	}
	s := &State{state.Config, state.Position, state.Optimizer, state.Noise, state.Callbacks, tensors}
	again := &matcher{rest: content}
	if err := s.write(again); err != nil {
		return nil, err
	}
	if len(again.rest) > 0 {
		return nil, errDamaged
	}
	return s, nil
}

var errDamaged = errors.New("does not have the checksum that it names: the file is damaged")

// matcher is a writer that accepts what it expects.
type matcher struct{ rest []byte }

func (m *matcher) Write(p []byte) (int, error) {
	if !bytes.HasPrefix(m.rest, p) {
		return 0, errDamaged
	}
	m.rest = m.rest[len(p):]
	return len(p), nil
}
