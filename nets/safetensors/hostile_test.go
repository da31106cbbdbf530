package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	oracle "github.com/nlpodyssey/safetensors"

	"stheno/nets/safetensors"
)

// ten are the bytes that most of the hostile headers pretend to describe.
var ten = []byte("0123456789")

// hostile holds headers that a reader must refuse, over a body of ten bytes, and a
// part of the error that it must give. Offsets count from the file's first byte.
var hostile = []struct{ header, want string }{
	{``, `offset 0: found the header length 0`},
	{` {}`, `offset 8: found ' ', expected '{'`},
	{`[]`, `offset 8: found '[', expected '{'`},
	{`null`, `offset 8: found 'n', expected '{'`},
	{`{`, `offset 9: found the end of the header, expected '"'`},
	{"{\"a\xff\"", `offset 11: found the byte 0xff, expected UTF-8`},
	{`{}x`, `offset 10: found 'x' after the header's JSON`},
	{"{}\n", `offset 10: found '\n' after the header's JSON`},
	{"{}\x00", `offset 10: found '\x00' after the header's JSON`},
	{`{}{}`, `offset 10: found '{' after the header's JSON`},
	{`{a`, `offset 9: found 'a', expected '"'`},
	{`{"a`, `offset 9: found a string without an end`},
	{`{"a\`, `offset 9: found a string without an end`},
	{`{"a\x":1}`, `offset 9: found the string`},
	{"{\"a\n\":1}", `offset 9: found the string`},
	{`{"\ud800":1}`, `expected \u escapes of whole characters`},
	{`{"a"}`, `offset 12: found '}', expected ':'`},
	{`{"a":1}`, `tensor "a": offset 13: found '1', expected '{'`},
	{`{"a":null}`, `tensor "a": offset 13: found 'n', expected '{'`},
	{`{"":{}}`, `offset 9: found an empty tensor name`},
	{`{"a":{}}`, `tensor "a": offset 15: found no dtype`},
	{`{"a":{"dtype":"U8","data_offsets":[0,10]}}`, `found no shape`},
	{`{"a":{"dtype":"U8","shape":[10]}}`, `found no data_offsets`},
	{`{"a":{"dtype":"U8","shape":[10],"data_offsets":[0,10]},}`, `expected '"'`},
	{`{"a":{"dtype":"U8","shape":[10],"data_offsets":[0,10]}`, `found the end of the header, expected ',' or '}'`},
	{`{"a":{"dtype":"U8","shape":[10],"data_offsets":[0,10]}]`, `found ']', expected ',' or '}'`},
	{`{"a":{"dtype":"U8","shape":[10],"data_offsets":[0,10]},"a":{}}`, `offset 63: found the key "a" again, expected it once, at offset 9`},
	{`{"a":{"dtype":"U8","shape":[10],"data_offsets":[0,10]},"\u0061":{}}`, `found the key "a" again`},
	{`{"a":{"dtype":"U8","dtype":"U8","shape":[10],"data_offsets":[0,10]}}`, `tensor "a": offset 27: found the key "dtype" again`},
	{`{"a":{"dtype":"U8","shape":[10],"data_offsets":[0,10],"x":0}}`, `tensor "a": offset 62: found the key "x", expected dtype, shape or data_offsets`},
	{`{"a":{"DType":"U8","shape":[10],"data_offsets":[0,10]}}`, `found the key "DType"`},
	{`{"a":{"dtype":"F33","shape":[10],"data_offsets":[0,10]}}`, `tensor "a": dtype: found "F33"`},
	{`{"a":{"dtype":8,"shape":[10],"data_offsets":[0,10]}}`, `tensor "a": dtype: offset 22: found '8', expected '"'`},
	{`{"a":{"dtype":"U8","shape":10,"data_offsets":[0,10]}}`, `shape: offset 35: found '1', expected '['`},
	{`{"a":{"dtype":"U8","shape":[-10],"data_offsets":[0,10]}}`, `shape: offset 36: found the number "-10"`},
	{`{"a":{"dtype":"U8","shape":[10.0],"data_offsets":[0,10]}}`, `found the number "10.0"`},
	{`{"a":{"dtype":"U8","shape":[1e1],"data_offsets":[0,10]}}`, `found the number "1e1"`},
	{`{"a":{"dtype":"U8","shape":[010],"data_offsets":[0,10]}}`, `found the number "010"`},
	{`{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,10]}}`, `found the number "-0"`},
	{`{"a":{"dtype":"U8","shape":["10"],"data_offsets":[0,10]}}`, `found '"', expected a whole number`},
	{`{"a":{"dtype":"U8","shape":[10,],"data_offsets":[0,10]}}`, `found ']', expected a whole number`},
	{`{"a":{"dtype":"U8","shape":[,10],"data_offsets":[0,10]}}`, `found ',', expected a whole number`},
	{`{"a":{"dtype":"U8","shape":[10 1],"data_offsets":[0,10]}}`, `found '1', expected ',' or ']'`},
	{`{"a":{"dtype":"U8","shape":[[10]],"data_offsets":[0,10]}}`, `found '[', expected a whole number`},
	{`{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,10]}}`, `found the number "9223372036854775808"`},
	{`{"a":{"dtype":"U8","shape":[18446744073709551626],"data_offsets":[0,10]}}`, `expected a whole number from 0 to 2^63-1`},
	{`{"a":{"dtype":"F32","shape":[4194305,4194305,211106198978564],"data_offsets":[0,10]}}`, `tensor "a": shape: found (4194305, 4194305, 211106198978564), expected a product below`},
	{`{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}`, `expected a product below`},
	{`{"a":{"dtype":"U8","shape":[0,9223372036854775807,3],"data_offsets":[0,0]}}`, `expected a product below`},
	{`{"a":{"dtype":"U8","shape":[10],"data_offsets":[10,0]}}`, `tensor "a": data_offsets [10, 0]: the begin is after the end`},
	{`{"a":{"dtype":"U8","shape":[10],"data_offsets":[0]}}`, `data_offsets: found 1 numbers, expected 2`},
	{`{"a":{"dtype":"U8","shape":[10],"data_offsets":[0,10,10]}}`, `data_offsets: found 3 numbers`},
	{`{"a":{"dtype":"U8","shape":[10],"data_offsets":[0,-10]}}`, `data_offsets: offset 58: found the number "-10"`},
	{`{"a":{"dtype":"F32","shape":[3,4],"data_offsets":[0,10]}}`, `tensor "a": data_offsets [0, 10]: 10 bytes, but F32 (3, 4) takes 48`},
	{`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,10]}}`, `10 bytes, but F32 () takes 4`},
	{`{"a":{"dtype":"F6_E2M3","shape":[3],"data_offsets":[0,2]}}`, `takes 18 bits, expected whole bytes`},
	{`{"a":{"dtype":"U8","shape":[6],"data_offsets":[0,6]},"b":{"dtype":"U8","shape":[5],"data_offsets":[5,10]}}`, `tensor "b": data_offsets [5, 10] overlaps tensor "a", which ends at 6`},
	{`{"a":{"dtype":"U8","shape":[10],"data_offsets":[0,10]},"b":{"dtype":"U8","shape":[0],"data_offsets":[5,5]}}`, `tensor "b": data_offsets [5, 5] overlaps tensor "a"`},
	{`{"a":{"dtype":"U8","shape":[10],"data_offsets":[0,10]},"b":{"dtype":"U8","shape":[10],"data_offsets":[0,10]}}`, `tensor "b": data_offsets [0, 10] overlaps tensor "a"`},
	{`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[5],"data_offsets":[5,10]}}`, `tensor "b": data_offsets [5, 10] leaves a hole of 1 bytes, expected the begin 4`},
	{`{"a":{"dtype":"U8","shape":[9],"data_offsets":[1,10]}}`, `leaves a hole of 1 bytes, expected the begin 0`},
	{`{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}`, `offset 70: found 1 bytes after the last tensor`},
	{`{}`, `offset 10: found 10 bytes after the last tensor`},
	{`{"a":{"dtype":"U8","shape":[11],"data_offsets":[0,11]}}`, `tensor "a": data_offsets [0, 11]: the file ends at offset 73, after 10 bytes of data`},
	{`{"a":{"dtype":"U8","shape":[1152921504606846975],"data_offsets":[0,1152921504606846975]}}`, `the file ends at offset 107`},
	{`{"__metadata__":null}`, `__metadata__: offset 24: found 'n', expected '{'`},
	{`{"__metadata__":{"k":1}}`, `__metadata__: key "k": offset 29: found '1', expected '"'`},
	{`{"__metadata__":{"k":"1","k":"2"}}`, `__metadata__: offset 33: found the key "k" again`},
	{`{"__metadata__":{},"__metadata__":{}}`, `found the key "__metadata__" again`},
	{`{"a":` + strings.Repeat(`{"a":`, 1<<16), `tensor "a": offset 14: found the key "a", expected dtype`},
	{`{"a":{"shape":` + strings.Repeat(`[`, 1<<20), `found '[', expected a whole number`},
	{`{"` + strings.Repeat("long", 1<<18) + `":1}`, `"...: offset`},
	{`{"a":{"shape":[` + strings.Repeat("9", 1<<20), `found the number`},
	{`{"a":{"dtype":"U8","shape":[` + strings.Repeat("1,", 1<<16) + `1],"data_offsets":[0,10]}}`, `takes 1`},
}

func TestReadRefusesHostileHeaders(t *testing.T) {
	for _, c := range hostile {
		_, _, err := read(file(c.header, ten...))
		checkError(t, err, c.want)
	}
}

func TestReadRefusesHostileLengths(t *testing.T) {
	for n, want := range map[uint64]string{
		0:           "found the header length 0",
		11:          "found the header length 11, expected at most the 10 bytes that follow",
		100_000_001: "found the header length 100000001, expected at most 100000000",
		1 << 63:     "found the header length 9223372036854775808, expected at most 100000000",
		1<<64 - 1:   "found the header length 18446744073709551615",
	} {
		_, _, err := read(append(binary.LittleEndian.AppendUint64(nil, n), ten...))
		checkError(t, err, want)
	}
	for _, size := range []int64{-1, 0, 7} {
		_, _, err := safetensors.Read(bytes.NewReader(nil), size)
		checkError(t, err, fmt.Sprintf("offset 0: found a file of %d bytes", size))
	}
}

// TestTruncationIsSeen cuts a file at every byte, both as a shorter file and as a
// stream that ends before the size that was promised.
func TestTruncationIsSeen(t *testing.T) {
	tensors, metadata := sample()
	data := write(t, tensors, metadata)
	for n := range data {
		_, _, err := read(data[:n])
		checkError(t, err, "")
		_, _, err = safetensors.Read(bytes.NewReader(data[:n]), int64(len(data)))
		checkError(t, err, fmt.Sprintf("offset %d: found the end of the data", n))
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: %v does not wrap io.ErrUnexpectedEOF", n, err)
		}
	}
	_, _, err := read(append(data, 0))
	checkError(t, err, "found 1 bytes after the last tensor")
}

// TestFlippedHeaderBits flips every bit in front of the data. What still reads must
// differ in nothing but what the format cannot protect: one name, the metadata, or
// the shape of a tensor without elements.
func TestFlippedHeaderBits(t *testing.T) {
	tensors, metadata := sample()
	data := write(t, tensors, metadata)
	header := 8 + int(binary.LittleEndian.Uint64(data))
	accepted := 0
	for bit := range 8 * header {
		flipped := bytes.Clone(data)
		flipped[bit/8] ^= 1 << (bit % 8)
		got, meta, err := read(flipped)
		if err != nil {
			continue
		}
		accepted++
		changes := differences(tensors, got)
		if !cmp.Equal(metadata, meta) {
			changes = append(changes, "metadata")
		}
		if len(changes) != 1 || !slices.Contains([]string{"name", "metadata", "empty shape"}, changes[0]) {
			t.Errorf("bit %d (%q became %q) changed %s unseen", bit, data[bit/8], flipped[bit/8], changes)
		}
	}
	t.Logf("%d of %d flips read as another valid file", accepted, 8*header)
}

// differences names what differs between two lists of tensors.
func differences(want, got []safetensors.Tensor) (names []string) {
	if len(want) != len(got) {
		return []string{"the number of tensors"}
	}
	for i, w := range want {
		g := got[i]
		if w.DType != g.DType || !bytes.Equal(w.Data, g.Data) {
			names = append(names, "values")
		}
		if w.Name != g.Name {
			names = append(names, "name")
		}
		switch {
		case slices.Equal(w.Shape, g.Shape):
		case len(w.Data) == 0:
			names = append(names, "empty shape")
		default:
			names = append(names, "shape")
		}
	}
	return names
}

// TestMemoryIsBoundedByTheData promises a tebibyte and sends a few bytes.
func TestMemoryIsBoundedByTheData(t *testing.T) {
	const size = 1 << 40
	header := fmt.Sprintf(`{"a":{"dtype":"U8","shape":[%d],"data_offsets":[0,%[1]d]}}`, size)
	data := file(header, ten...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := safetensors.Read(bytes.NewReader(data), int64(8+len(header))+size)
	runtime.ReadMemStats(&after)
	checkError(t, err, "found the end of the data")
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("%d bytes allocated for a file of %d", used, len(data))
	}
}

// FuzzRead mutates whole files.
func FuzzRead(f *testing.F) {
	tensors, metadata := sample()
	f.Add(write(f, tensors, metadata))
	f.Add(write(f, nil, nil))
	for _, c := range hostile {
		if len(c.header) < 1<<10 {
			f.Add(file(c.header, ten...))
		}
	}
	f.Fuzz(checkAccepted)
}

// FuzzHeader mutates headers, whose length it keeps right, so that it gets further.
func FuzzHeader(f *testing.F) {
	f.Add(`{"b":{"shape":[1],"data_offsets":[1,2],"dtype":"U8"}, "a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}`, []byte{1, 2})
	for _, c := range hostile {
		if len(c.header) < 1<<10 {
			f.Add(c.header, ten)
		}
	}
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		checkAccepted(t, file(header, body...))
	})
}

// checkAccepted holds whatever is accepted against three oracles: the header is JSON,
// the other package reads it too, and writing it again loses nothing.
func checkAccepted(t *testing.T, data []byte) {
	tensors, metadata, err := read(data)
	if err != nil {
		checkError(t, err, "")
		return
	}
	n := binary.LittleEndian.Uint64(data)
	if !json.Valid(data[8 : 8+n]) {
		t.Fatalf("accepted a header that is not JSON: %q", data[8:8+n])
	}
	strange := slices.ContainsFunc(tensors, func(x safetensors.Tensor) bool {
		_, err := oracle.ParseDType(x.DType)
		return err != nil
	})
	if _, err := oracle.Deserialize(data); err != nil && !strange {
		t.Fatalf("accepted what the oracle refuses: %v", err)
	}
	again, meta, err := read(write(t, tensors, metadata))
	if err != nil || !cmp.Equal(tensors, again) || len(metadata) > 0 && !cmp.Equal(metadata, meta) {
		t.Fatalf("writing it again gave %v, %v, %v, expected %v, %v", again, meta, err, tensors, metadata)
	}
}
