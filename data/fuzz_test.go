package data

import (
	"bytes"
	"compress/gzip"
	"errors"
	"runtime/metrics"
	"testing"
)

// -fuzztime 100000x is some ten seconds each, for CI; ten million executions by
//
//	for f in FuzzImages FuzzLabels FuzzStored; do
//		go test ./data/ -run '^$' -fuzz "^$f\$" -fuzztime 10000000x
//	done
//
// With a duration instead of a count, a busy machine can see a failure that
// says "context deadline exceeded" and leaves no input in testdata: that is Go's
// own (go.dev/issue/75804). A count has no deadline to miss.

func FuzzImages(f *testing.F) {
	f.Add([]byte{})
	f.Add(idx(ramp(24), 2, 4, 3))
	f.Add(idx(ramp(24), 2, 2, 2, 3))
	f.Add(idx(ramp(24), 1<<28, 4096, 4096))
	f.Add(idx(ramp(23), 2, 4, 3))
	f.Add(idx(ramp(2), 2))
	f.Fuzz(func(t *testing.T, b []byte) { fuzzIDX(t, b, images) })
}

func FuzzLabels(f *testing.F) {
	f.Add([]byte{})
	f.Add(idx(ramp(9), 9))
	f.Add(idx(ramp(8), 9))
	f.Add(idx(ramp(9), 1<<32-1))
	f.Add(idx(ramp(24), 2, 4, 3))
	f.Fuzz(func(t *testing.T, b []byte) { fuzzIDX(t, b, labels) })
}

// fuzzIDX reads b plain and gzipped: both are refused, or both give b's content.
func fuzzIDX(t *testing.T, b []byte, k kind) {
	h, body, err := readIDX(bytes.NewReader(b), k)
	if err == nil {
		checkContent(t, h, body)
		if !bytes.Equal(b[h.size:], body) {
			t.Error("the elements read are not those of the file")
		}
	} else {
		checkError(t, err)
	}
	packedHeader, packedBody, _, _, packedErr := readStored(wrap(b), k)
	if (packedErr == nil) != (err == nil) {
		t.Errorf("plain: %v; gzipped: %v", err, packedErr)
	}
	if h != packedHeader || !bytes.Equal(body, packedBody) {
		t.Error("plain and gzipped differ")
	}
}

// wrapper is kept from one execution to the next: a new one takes 1 MB.
var wrapper, _ = gzip.NewWriterLevel(nil, gzip.NoCompression)

// wrap returns b as a gzip stream.
func wrap(b []byte) *bytes.Buffer {
	var out bytes.Buffer
	wrapper.Reset(&out)
	wrapper.Write(b)
	wrapper.Close()
	return &out
}

// allocated returns the bytes allocated so far, without stopping the world.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// FuzzStored breaks the stored bytes themselves, so it reaches the gzip reader.
func FuzzStored(f *testing.F) {
	for _, file := range [][]byte{idx(ramp(24), 2, 4, 3), idx(ramp(9), 9), idx(make([]byte, 1<<16), 1<<16)} {
		f.Add(file, true)
		f.Add(gz(file), true)
		f.Add(gz(file), false)
		f.Add(append(gz(file[:5]), gz(file[5:])...), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, isImages bool) {
		k := labels
		if isImages {
			k = images
		}
		before := allocated()
		h, body, sum, _, err := readStored(bytes.NewReader(b), k)
		// Deflate packs at most 1032 to 1; the doubling takes four times that in all.
		if took, limit := allocated()-before, uint64(4*1032*len(b)+4<<20); took > limit {
			t.Errorf("%d bytes taken for a file of %d", took, len(b))
		}
		if err != nil {
			checkError(t, err)
			return
		}
		checkContent(t, h, body)
		if len(sum) != 64 {
			t.Errorf("SHA-256 is %q", sum)
		}
	})
}

// checkContent holds the elements against the header.
func checkContent(t *testing.T, h header, body []uint8) {
	if h.rows < 1 || h.rowSize() < 1 || len(body) != h.rows*h.rowSize() {
		t.Errorf("header %+v with %d elements", h, len(body))
	}
}

// checkError expects a FileError of one line that is a format's.
func checkError(t *testing.T, err error) {
	var fileErr *FileError
	if !errors.As(err, &fileErr) || fileErr.Offset < 0 {
		t.Fatalf("not a FileError with an offset: %v", err)
	}
	wantError(t, err, ErrFormat)
}
