package train

import (
	"fmt"
	"hash/crc32"
	"strings"
	"unsafe"

	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
	"stheno/nets/group"
)

// compareEvery is after how many steps the ranks compare their weights.
const compareEvery = 100

// compare holds the ranks' weights against each other. They are equal bit for
// bit unless the ranks compute differently, or one of them has a fault.
func (t *team) compare(step int) error {
	sums, err := group.Gather(t.group, float64(checksum(t.model)))
	if err != nil {
		return err
	}
	var others []string
	for r, sum := range sums {
		if sum != sums[0] {
			others = append(others, t.group.Name(r))
		}
	}
	if others == nil {
		return nil
	}
	return &UnequalError{step, others, t.group.Name(0)}
}

// castagnoli is the polynomial that processors know.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is the CRC-32C of a model's weights.
func checksum(m *nets.Model) (sum uint32) {
	for _, w := range m.Weights {
		if w.Value.Dtype() == tensor.Float64 {
			sum = crc32.Update(sum, castagnoli, bytesOf(graph.Slice[float64](w.Value)))
		} else {
			sum = crc32.Update(sum, castagnoli, bytesOf(graph.Slice[float32](w.Value)))
		}
	}
	return sum
}

// bytesOf lends numbers as they lie in memory.
func bytesOf[T graph.Float](x []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), len(x)*int(unsafe.Sizeof(T(0))))
}

// UnequalError says that ranks of a group have other weights than rank 0. Its
// state must not be saved.
type UnequalError struct {
	Step   int      // after which
	Others []string // the names of the ranks that are unlike rank 0
	First  string   // rank 0's name
}

func (e *UnequalError) Error() string {
	return fmt.Sprintf("train: after step %d the weights of %s are not those of %s: it has another processor or program, or a fault; -resume goes on from the last checkpoint",
		e.Step, strings.Join(e.Others, ", "), e.First)
}
