//go:build mpi

package group

import (
	"bytes"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"
)

// TestRanks is run as several ranks by TestOnMPI.
func TestRanks(t *testing.T) {
	if size, _ := launched(os.Getenv); size == 0 {
		t.Skip("is run by TestOnMPI")
	}
	g, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	if g.Local() != g.Size() || g.Name(g.Rank()) == "" {
		t.Errorf("%d of %d ranks are here; this is %s", g.Local(), g.Size(), g.Name(g.Rank()))
	}
	for _, n := range []int{0, 1, 2, 3, 1023, 1024, 1025, 2048, 4099, 300_007} {
		sums[float32](t, g, n)
		sums[float64](t, g, n)
	}
	told, err := BroadcastAll(g, bytes.Repeat([]byte{byte(1 + g.Rank())}, 100*(1+g.Rank())))
	if err != nil || !bytes.Equal(told, bytes.Repeat([]byte{1}, 100)) {
		t.Errorf("rank %d was told %d bytes, %v", g.Rank(), len(told), err)
	}
	said, err := Gather(g, float64(10*g.Rank()))
	for r, v := range said {
		if v != float64(10*r) || err != nil {
			t.Errorf("rank %d says %v, %v", r, v, err)
		}
	}
	if err := g.SumFloat32(make([]float32, 3), make([]float32, g.Size()+1)); err == nil {
		t.Error("weights of another group are taken")
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

// array is what a rank has: anybody can draw it.
func array[T float32 | float64](rank, n int) []T {
	rng := rand.New(rand.NewPCG(uint64(rank), uint64(n)))
	x := make([]T, n)
	for i := range x {
		x[i] = T(rng.NormFloat64())
	}
	return x
}

// sums holds a sum to the bits of the loop that it equals.
func sums[T float32 | float64](t *testing.T, g Group, n int) {
	weights := array[T](1000, g.Size())
	for _, w := range [][]T{nil, weights} {
		want := make([]T, n)
		for r := range g.Size() {
			for i, v := range array[T](r, n) {
				if w != nil {
					v *= w[r]
				}
				if r == 0 {
					want[i] = v
				} else {
					want[i] += v
				}
			}
		}
		got := array[T](g.Rank(), n)
		if err := Sum(g, got, w); err != nil || !slices.Equal(got, want) {
			t.Errorf("rank %d of %d: the sum of %d elements is another one, %v", g.Rank(), g.Size(), n, err)
		}
	}
}

// TestPatientRanks is run as two ranks by TestCloseWaitsOnMPI. Rank 0 is busy for
// longer than a rank may be behind at a meeting.
func TestPatientRanks(t *testing.T) {
	if size, _ := launched(os.Getenv); size == 0 {
		t.Skip("is run by TestCloseWaitsOnMPI")
	}
	timeout, err := silence(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	g, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	if g.Rank() == 0 {
		time.Sleep(14 * timeout)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}
