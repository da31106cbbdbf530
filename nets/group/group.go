// Package group is what processes that train one model together need of one
// another: to know how many they are, to add up arrays, and to end together.
//
// [Start] finds the group that this process was started in. In the default
// build that is always the process alone; with -tags mpi, under mpirun or srun,
// it is MPI's (nets/group/mpi), and the packages above do not know the
// difference.
package group

import "fmt"

// Group is this process, a rank, among those that train one model. Collective
// calls are made by every rank, in the same order and with arrays of the same
// length; one goroutine of a rank makes them, one at a time. After an error the
// group is of no more use, but for Abort.
type Group interface {
	Rank() int         // of this process, from 0
	Size() int         // how many there are
	Name(r int) string // where rank r runs, for a message: "rank 2 (process 4711 on host b)"
	Local() int        // how many ranks share this machine, this one included

	// SumFloat32 replaces x on every rank by the sum over the ranks r of
	// weights[r]·x, added in the ranks' order, so that the same arrays give the
	// same bits, on every rank and at each repetition. Nil weights are all 1.
	SumFloat32(x, weights []float32) error
	SumFloat64(x, weights []float64) error // the same

	// Broadcast replaces p by rank 0's.
	Broadcast(p []byte) error

	// Barrier returns when every rank has called it.
	Barrier() error

	// Abort ends the processes of all ranks, at once, this one with the given
	// exit code. It is no collective call, and does not return.
	Abort(code int)

	// Close is the last call, when every rank is about to end in good order.
	Close() error
}

// Sum is SumFloat32 or SumFloat64.
func Sum[T float32 | float64](g Group, x, weights []T) error {
	switch x := any(x).(type) {
	case []float32:
		return g.SumFloat32(x, any(weights).([]float32))
	case []float64:
		return g.SumFloat64(x, any(weights).([]float64))
	}
	panic("group: Sum of another type")
}

// Gather returns what every rank says, in the ranks' order: up to 53 bits, which
// a float64 holds.
func Gather(g Group, value float64) ([]float64, error) {
	all := make([]float64, g.Size())
	all[g.Rank()] = value
	return all, g.SumFloat64(all, nil)
}

// BroadcastAll is Broadcast for what only rank 0 knows the length of.
func BroadcastAll(g Group, p []byte) ([]byte, error) {
	length := []float64{0}
	if g.Rank() == 0 {
		length[0] = float64(len(p))
	}
	if err := g.SumFloat64(length, nil); err != nil {
		return nil, err
	}
	if g.Rank() != 0 {
		p = make([]byte, int(length[0]))
	}
	return p, g.Broadcast(p)
}

// Slice is the part of n rows that a rank takes: from first up to, not
// including, end. The parts of all ranks are all rows, in order, and differ by
// one row at most; rank 0 has a row where there is one.
func Slice(n, rank, size int) (first, end int) {
	part := func(r int) int { return (n*r + size - 1) / size }
	return part(rank), part(rank + 1)
}

// place is what a rank is called.
func place(rank, process int, host string) string {
	return fmt.Sprintf("rank %d (process %d on host %s)", rank, process, host)
}
