package run_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets/run"
	"stheno/nets/safetensors"
)

// damaged is a finished toy run whose only checkpoint gets damaged.
type damaged struct {
	t       *testing.T
	folder  run.Folder
	step    int
	content []byte
	header  int // bytes, with the field of its length
}

func newDamaged(t *testing.T) damaged {
	t.Helper()
	p := begin(t, mlpRecipe)
	p.toTheEnd(t)
	d := damaged{t: t, folder: p.folder, step: recipeSteps, content: p.file(t)}
	d.header = 8 + int(binary.LittleEndian.Uint64(d.content))
	steps, err := p.folder.Generations()
	if err != nil || len(steps) != 2 || steps[0] != d.step {
		t.Fatalf("checkpoints %v, %v", steps, err)
	}
	if err := os.Remove(p.folder.Generation(steps[1])); err != nil {
		t.Fatal(err)
	}
	return d
}

// refused wants content refused, with words among the error's. Of every so many
// contents the file itself is loaded, and must be named.
func (d damaged) refused(nth int, content []byte, what string, words ...string) {
	d.t.Helper()
	s, err := run.ParseCheckpoint(content)
	if nth%23 == 0 {
		if err := os.WriteFile(d.folder.Generation(d.step), content, 0o666); err != nil {
			d.t.Fatal(err)
		}
		s, _, err = d.folder.LoadState()
		words = append(words, d.folder.Generation(d.step))
	}
	if err == nil || s != nil {
		d.t.Fatalf("%s: read without an error", what)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			d.t.Fatalf("%s: error %v, want %q in it", what, err, word)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		d.t.Fatalf("%s: error of several lines %q", what, err)
	}
}

// flipped is content with one bit changed.
func (d damaged) flipped(bit int) []byte {
	content := bytes.Clone(d.content)
	content[bit/8] ^= 1 << (bit % 8)
	return content
}

func TestFlippedBitsOfTheHeader(t *testing.T) {
	d := newDamaged(t)
	for bit := 0; bit < 8*d.header; bit += stride(3) {
		d.refused(bit, d.flipped(bit), fmt.Sprintf("bit %d of byte %d", bit%8, bit/8))
	}
	t.Logf("%d bits", 8*d.header)
}

// TestFlippedBitsOfTheBody: the error says which tensor is damaged.
func TestFlippedBitsOfTheBody(t *testing.T) {
	d := newDamaged(t)
	tensors, _, err := safetensors.Read(bytes.NewReader(d.content), int64(len(d.content)))
	if err != nil {
		t.Fatal(err)
	}
	owner := make([]string, 0, len(d.content)) // of each byte
	for _, w := range tensors {
		for range w.Data {
			owner = append(owner, w.Name)
		}
	}
	bits := rand.New(rand.NewPCG(1, 2)).Perm(8 * len(owner))
	if most := 10_000 / stride(5); len(bits) > most {
		bits = bits[:most]
	}
	for i, bit := range bits {
		d.refused(i, d.flipped(8*d.header+bit), fmt.Sprintf("bit %d of the body", bit), fmt.Sprintf("tensor %q", owner[bit/8]))
	}
	t.Logf("%d bits in %d tensors", len(bits), len(tensors))
}

func TestTruncatedAndExtended(t *testing.T) {
	d := newDamaged(t)
	for size := range d.header + 1 {
		d.refused(size, d.content[:size], fmt.Sprintf("the first %d bytes", size))
	}
	for size := d.header + 1; size < len(d.content); size += 7 * stride(5) {
		d.refused(size, d.content[:size], fmt.Sprintf("the first %d bytes", size))
	}
	d.refused(0, d.content[:len(d.content)-1], "without the last byte")
	for i, more := range [][]byte{{0}, {' '}, {'\n'}, make([]byte, 4), make([]byte, 4096), d.content} {
		d.refused(23*i, append(bytes.Clone(d.content), more...), fmt.Sprintf("%d bytes more", len(more)))
	}
}

// TestBlocksThatAreNotTheirs: what a disk may put in the place of a block.
func TestBlocksThatAreNotTheirs(t *testing.T) {
	d := newDamaged(t)
	for i := 0; i+512 <= len(d.content); i += 512 {
		zeros := bytes.Clone(d.content)
		clear(zeros[i : i+512])
		d.refused(0, zeros, fmt.Sprintf("zeros at %d", i))
		if i > 0 {
			moved := bytes.Clone(d.content)
			copy(moved[i:i+512], d.content)
			d.refused(0, moved, fmt.Sprintf("the first block again at %d", i))
		}
	}
}

// TestACheckpointUnderAnotherName is whole, but not what the name says.
func TestACheckpointUnderAnotherName(t *testing.T) {
	d := newDamaged(t)
	if err := os.Rename(d.folder.Generation(d.step), d.folder.Generation(d.step+1)); err != nil {
		t.Fatal(err)
	}
	s, _, err := d.folder.LoadState()
	if err == nil || s != nil || !strings.Contains(err.Error(), d.folder.Generation(d.step+1)+": is of step 64") {
		t.Errorf("error %v", err)
	}
}

// TestNamesThatAreNoCheckpoints are nothing to LoadState.
func TestNamesThatAreNoCheckpoints(t *testing.T) {
	d := newDamaged(t)
	name := d.folder.Generation(d.step)
	for _, other := range []string{
		strings.Replace(name, "000064", "64", 1), strings.Replace(name, "000064", "0000065", 1), strings.Replace(name, "000064", "-00065", 1),
		strings.Replace(name, "step-", ".step-", 1) + ".1-1.tmp", name + "~", strings.Replace(name, "000064", "", 1),
	} {
		if err := os.WriteFile(other, []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s, passedOver, err := d.folder.LoadState()
	if err != nil || passedOver != nil || s.Position.Step != d.step {
		t.Errorf("passed over %v, error %v", passedOver, err)
	}
}

// TestTheOlderGenerationIsThereForADamage: it is loaded, and what was passed
// over is said; without it there is an error that names both files.
func TestTheOlderGenerationIsThereForADamage(t *testing.T) {
	p := begin(t, mlpRecipe)
	p.toTheEnd(t)
	steps, err := p.folder.Generations()
	if err != nil || !slices.Equal(steps, []int{64, 48}) {
		t.Fatalf("checkpoints %v, %v", steps, err)
	}
	cut := func(step int) {
		if err := os.Truncate(p.folder.Generation(step), 100); err != nil {
			t.Fatal(err)
		}
	}
	cut(64)
	s, passedOver, err := p.folder.LoadState()
	if err != nil || s.Position.Step != 48 || passedOver == nil || !strings.Contains(passedOver.Error(), p.folder.Generation(64)) {
		t.Fatalf("passed over %v, error %v", passedOver, err)
	}
	cut(48)
	_, _, err = p.folder.LoadState()
	if err == nil || !strings.Contains(err.Error(), p.folder.Generation(64)) || !strings.Contains(err.Error(), p.folder.Generation(48)) {
		t.Errorf("error %v", err)
	}
}

// FuzzCheckpoint: whatever bytes are accepted are what would be written of
// them.
func FuzzCheckpoint(f *testing.F) {
	p := begin(f, recipe{net: toy, dtype: tensor.Float32, rows: 3, batch: 2, epochs: 1})
	f.Add(p.file(f))
	p.toTheEnd(f)
	f.Add(p.file(f))
	f.Add(p.file(f)[:100])
	f.Fuzz(func(t *testing.T, content []byte) {
		if _, err := run.ParseCheckpoint(content); err != nil {
			return
		}
		if !bytes.Equal(rewritten(t, content), content) {
			t.Error("accepted, and written again as something else")
		}
	})
}
