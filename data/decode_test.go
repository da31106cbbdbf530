package data

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// named shows that Decode takes types of float32's kind.
type named float32

func TestDecodeGathersRows(t *testing.T) {
	for _, channels := range []int{1, 3} {
		s := rows(5, channels)
		size := 6 * channels
		pick := []int{4, 0, 4, 2}
		p32, p64, pNamed := make([]float32, 4*size), make([]float64, 4*size), make([]named, 4*size)
		l := make([]int, 4)
		Decode(s.Pick(pick...), p32, l)
		Decode(s.Pick(pick...), p64, nil)
		Decode(s.Pick(pick...), pNamed, nil)
		for i, row := range pick {
			if l[i] != int(s.Labels[row]) {
				t.Errorf("label %d is %d, expected %d", i, l[i], s.Labels[row])
			}
			for j := range size {
				v, at := s.Pixels[row*size+j], i*size+j
				if p32[at] != float32(v)/255 || p64[at] != float64(v)/255 || pNamed[at] != named(v)/255 {
					t.Fatalf("%d channels, image %d, value %d: wrong", channels, i, j)
				}
			}
		}
	}
}

// Scaled gives each byte the value that Decode gives it, however many there are.
func TestScaledIsDecode(t *testing.T) {
	s := rows(5, 3)
	for n := range len(s.Pixels) {
		want := make([]float32, n)
		Decode((&Set{Pixels: s.Pixels[:n], Labels: []uint8{0}, Height: 1, Width: n, Channels: 1}).Pick(0), want, nil)
		if got := Scaled[float32](s.Pixels[:n]); !cmp.Equal(got, want) {
			t.Errorf("%d bytes: %v, want %v", n, got, want)
		}
	}
	if got := Scaled[float64]([]uint8{255, 51}); !cmp.Equal(got, []float64{1, 51. / 255}) {
		t.Errorf("%v", got)
	}
}

// A rank of a process group decodes its part of a batch.
func TestDecodeTakesAPartOfABatch(t *testing.T) {
	s := rows(6, 1)
	for b := range s.Batches(4, seeded(1)) {
		whole := make([]float32, len(b.Rows)*6)
		Decode(b, whole, nil)
		b.Rows = b.Rows[1:]
		part := make([]float32, len(b.Rows)*6)
		Decode(b, part, nil)
		if !cmp.Equal(whole[6:], part) {
			t.Error("the part differs from the whole")
		}
	}
}

// NumPy divides float32 by float32, rounding once, as IEEE 754 says. The bits,
// by Python, whose detour over float64 rounds to the same (53 >= 2*24 + 2):
//
//	import struct
//	from functools import reduce
//	x = [struct.unpack("<I", struct.pack("<f", v / 255))[0] for v in range(256)]
//	print([hex(x[v]) for v in (1, 2, 3, 127, 128, 254, 255)])
//	print(hex(reduce(lambda a, v: a ^ x[v] * (v + 1) & 0xffffffff, range(256), 0)))
func TestScaleEqualsNumPy(t *testing.T) {
	table := scale[float32]()
	for v, want := range map[int]uint32{1: 0x3b808081, 2: 0x3c008081, 3: 0x3c40c0c1, 127: 0x3efefeff, 128: 0x3f008081, 254: 0x3f7efeff, 255: 0x3f800000} {
		if got := math.Float32bits(table[v]); got != want {
			t.Errorf("%d/255 has the bits %#x, expected %#x", v, got, want)
		}
	}
	if table[0] != 0 {
		t.Errorf("0/255 = %v", table[0])
	}
	var digest uint32
	for v, x := range table {
		digest ^= math.Float32bits(x) * uint32(v+1)
	}
	if want := uint32(0x8b880c81); digest != want {
		t.Errorf("the table's digest is %#x, expected %#x", digest, want)
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	s := rows(64, 3)
	b := s.Pick(5, 9, 63, 0)
	p32, p64, l := make([]float32, 4*18), make([]float64, 4*18), make([]int, 4)
	if n := testing.AllocsPerRun(100, func() { Decode(b, p32, l); Decode(b, p64, l) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// An epoch takes one slice of row numbers, however many its batches.
func TestBatchesAllocateOncePerEpoch(t *testing.T) {
	s := rows(1000, 1)
	seq := s.Batches(10, seeded(1))
	n := testing.AllocsPerRun(10, func() {
		for b := range seq {
			_ = b
		}
	})
	if n > 4 {
		t.Errorf("%v allocations for 100 batches", n)
	}
}

func BenchmarkDecode(b *testing.B) {
	s := &Set{Pixels: ramp(1000 * 784), Labels: ramp(1000), Height: 28, Width: 28, Channels: 1}
	for _, size := range []int{1, 128} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			pixels, l := make([]float32, size*784), make([]int, size)
			var batch Batch
			for batch = range s.Batches(size, seeded(1)) {
				break
			}
			for b.Loop() {
				Decode(batch, pixels, l)
			}
			b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		if _, err := Open(""); err != nil {
			b.Fatal(err)
		}
	}
}
