package hdf5_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stheno/nets/hdf5"
)

// stored reads a file of testdata, which kinds.py there has made.
func stored(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	file, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTypesAndShapes(t *testing.T) {
	list, err := hdf5.Read(stored(t, "types.h5"), "types")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range list {
		got = append(got, fmt.Sprintf("%s %s %v %x", d.Path, d.DType, d.Shape, d.Data))
	}
	want := []string{
		"types/>f4 floating-point of 4 bytes [2 3] 000000003f80000040000000404000004080000040a00000",
		"types/S3 string of 3 bytes [2 3] 300000310000320000330000340000350000",
		"types/empty F32 [0 3] ",
		"types/f2 F16 [2 3] 0000003c0040004200440045",
		"types/f4 F32 [2 3] 000000000000803f0000004000004040000080400000a040",
		"types/f8 F64 [2 3] 0000000000000000000000000000f03f0000000000000040000000000000084000000000000010400000000000001440",
		"types/i1 I8 [2 3] 000102030405",
		"types/i8 I64 [2 3] 000000000000000001000000000000000200000000000000030000000000000004000000000000000500000000000000",
		"types/scalar F32 [] 0000003f",
		"types/u4 U32 [2 3] 000000000100000002000000030000000400000005000000",
		"types/void opaque of 2 bytes [] 6162",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestTreeOfTwoLevels has 400 datasets in one group.
func TestTreeOfTwoLevels(t *testing.T) {
	list, err := hdf5.Read(stored(t, "kinds.h5"), "many")
	if err != nil || len(list) != 400 {
		t.Fatalf("%d datasets, %v", len(list), err)
	}
	for i, d := range list {
		if v := math.Float32frombits(binary.LittleEndian.Uint32(d.Data)); d.Path != fmt.Sprintf("many/%03d", i) || v != float32(i) {
			t.Errorf("%s is %v, want many/%03d and %d", d.Path, v, i, i)
		}
	}
}

func TestCompactAndAttributes(t *testing.T) {
	for group, want := range map[string]string{
		"compact":    "0000803f0000004000004040",
		"attributes": "0000803f", // whose header goes on elsewhere
	} {
		list, err := hdf5.Read(stored(t, "kinds.h5"), group)
		if err != nil || len(list) != 1 || fmt.Sprintf("%x", list[0].Data) != want {
			t.Errorf("%s: %v, %v", group, list, err)
		}
	}
	if list, err := hdf5.Read(stored(t, "kinds.h5"), "none"); err != nil || len(list) != 0 {
		t.Errorf("an empty group: %v, %v", list, err)
	}
}

func TestRefused(t *testing.T) {
	kinds := stored(t, "kinds.h5")
	for _, c := range []struct {
		file        []byte
		group, want string
	}{
		{kinds, "chunked", "hdf5: chunked/x: found a layout of class 2, such as chunks"},
		{kinds, "compressed", "compressed/x: offset "},
		{kinds, "compressed", "found compressed data, expected plain"},
		{kinds, "unwritten", "unwritten/x: found no elements, expected 12 bytes"},
		{kinds, "null", "null/x: found a dataspace without elements"},
		{kinds, "soft", `found "x" to be a link to a path`},
		{kinds, "twice", "twice/y: offset "},
		{kinds, "cycle", "cycle/x/y: offset "},
		{kinds, "cycle", "found an object again, expected each once"},
		{kinds, "committed", "committed/a: offset "},
		{kinds, "committed", "found a message of type 3 that stands elsewhere in the file"},
		{kinds, "ordered", "ordered: offset "},
		{kinds, "ordered", `found "OHDR", expected an object header of version 1`},
		{kinds, "a", "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q: found more than 16 groups within each other"},
		{kinds, "long", "found no name of 1 to 255 bytes at 8 of the heap"},
		{kinds, "layers", `found no group "layers" at the top, but "a", "attributes", "chunked"`},
		{kinds[:len(kinds)-1], "types", "found a file that ends at "},
		{kinds[:95], "types", "offset 8: found a file of 95 bytes, expected the 96 of a superblock"},
		{stored(t, "latest.h5"), "layers", "offset 8: found a superblock of version 3, expected 0"},
		{nil, "types", `offset 0: found "", expected the signature of HDF5`},
		{[]byte("PK\x03\x04"), "types", `offset 0: found "PK\x03\x04"`},
	} {
		if list, err := hdf5.Read(c.file, c.group); err == nil || !strings.Contains(err.Error(), c.want) || list != nil {
			t.Errorf("%s: want an error with %s, got %v", c.group, c.want, err)
		}
	}
}

// put is a file with another number of so many bytes at an offset from the first
// place where the letters stand.
func put(file []byte, letters string, behind int, number uint64, width int) []byte {
	file = slices.Clone(file)
	at := bytes.Index(file, []byte(letters)) + behind
	var wide [8]byte
	binary.LittleEndian.PutUint64(wide[:], number)
	copy(file[at:at+width], wide[:])
	return file
}

// TestClaims: no size or address of a file is believed.
func TestClaims(t *testing.T) {
	types := stored(t, "types.h5")
	const (
		root = 96 // the object header at the top: its one message begins at 16

		// The type of the first float32, its shape before it, and where its elements are.
		f4            = "\x11\x20\x1f\x00\x04\x00\x00\x00"
		rows, columns = -40, -32
		place         = 50
	)
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"a heap of 2^44 bytes", put(types, "HEAP", 8, 1<<44, 8), "expected 17592186044416 bytes"},
		{"a heap of 2^64-1 bytes", put(types, "HEAP", 8, 1<<64-1, 8), "heap of names: offset "},
		{"a heap without bytes", put(types, "HEAP", 8, 0, 8), "of a heap of 0 bytes"},
		{"a header that goes on in itself", put(put(put(types, "\x89", root+16, 0x10, 2), "\x89", root+24, root+16, 8), "\x89", root+32, 24, 8), "found more than 65536 structures"},
		{"a header of 2^32-1 bytes", put(types, "\x89", root+8, 1<<32-1, 4), "expected 4294967295 bytes"},
		{"a message of 2^16-1 bytes", put(types, "\x89", root+18, 1<<16-1, 2), "longer than its block"},
		{"a tree of level 255", put(types, "TREE", 5, 255, 1), "found level 255 of a B-tree"},
		{"a tree of level 1 over leaves", put(types, "TREE", 5, 1, 1), `found "SNOD`},
		{"a tree of 2^16-1 members", put(types, "TREE", 6, 1<<16-1, 2), "offset "},
		{"a tree that has itself below it", put(put(types, "TREE", 5, 1, 1), "TREE", 32, uint64(bytes.Index(types, []byte("TREE"))), 8), "found level 1 of a B-tree, expected 0"},
		{"a root behind the end", put(types, "\x89", 64, 1<<63, 8), "offset 9223372036854775808: found the end of the file"},
		{"a name twice", bytes.Replace(types, []byte("\x00i8\x00"), []byte("\x00i1\x00"), 1), `found "i1" behind "i1", expected names in order, each once`},
		{"offsets of 4 bytes", put(types, "\x89", 13, 4, 1), "found offsets of 4 bytes"},
		{"a base address", put(types, "\x89", 24, 512, 8), "found the base address 512"},
		{"a shape of 2^63 elements", put(put(types, f4, rows, 1<<62, 8), f4, columns, 2, 8), "types/f4: found the shape [] and then 4611686018427387904"},
		{"a shape of 2^64 elements", put(put(types, f4, rows, 1<<32, 8), f4, columns, 1<<32, 8), "expected one that fits into the file"},
		{"a shape of more elements", put(types, f4, columns, 4, 8), "types/f4: found 24 bytes, but F32 [2 4] takes 32"},
		{"a shape of none and too many", put(put(types, f4, rows, 0, 8), f4, columns, 1<<63, 8), "expected one that fits into the file"},
		{"elements of 2^32-1 bytes", put(types, f4, 4, 1<<32-1, 4), "takes 25769803770"},
		{"elements behind the end", put(types, f4, place, 1<<63, 8), "types/f4: offset 9223372036854775808: found the end of the file"},
		{"more bytes than the file", put(types, f4, place+8, 1<<64-1, 8), "expected 18446744073709551615 bytes"},
	} {
		list, err := hdf5.Read(c.file, "types")
		if err == nil || !strings.Contains(err.Error(), c.want) || list != nil {
			t.Errorf("%s: want an error with %s, got %v", c.name, c.want, err)
		}
	}
}

// TestDamage reads a file that is cut short at every length, or in which any one
// bit has flipped: an error, or datasets of the file's size at most.
func TestDamage(t *testing.T) {
	file := stored(t, "types.h5")
	for n := range file {
		if _, err := hdf5.Read(file[:n], "types"); err == nil {
			t.Fatalf("cut at %d: no error", n)
		}
		for bit := range 8 {
			file[n] ^= 1 << bit
			sound(t, file, "types")
			file[n] ^= 1 << bit
		}
	}
}

// sound holds what is read of any bytes to what Read promises.
func sound(t *testing.T, file []byte, group string) {
	list, err := hdf5.Read(file, group)
	if err != nil && (list != nil || !strings.HasPrefix(err.Error(), "hdf5: ") || len(err.Error()) > 8000) {
		t.Fatalf("%d datasets beside the error %v", len(list), err)
	}
	for _, d := range list {
		n := 1
		for _, dim := range d.Shape {
			n *= dim
		}
		if d.Path == "" || n < 0 || n > len(file) || len(d.Data) > len(file) || n > 0 && len(d.Data)%n != 0 {
			t.Fatalf("%s: %v of %d bytes in a file of %d", d.Path, d.Shape, len(d.Data), len(file))
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(stored(f, "types.h5"), "types")
	f.Add(stored(f, "latest.h5"), "layers")
	f.Add(stored(f, "types.h5"), strings.Repeat("\x01", 4096))
	f.Fuzz(func(t *testing.T, file []byte, group string) {
		sound(t, file, group)
		if names, err := hdf5.Top(file); err != nil && (names != nil || !strings.HasPrefix(err.Error(), "hdf5: ")) {
			t.Fatalf("%q beside the error %v", names, err)
		}
	})
}
