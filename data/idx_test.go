package data

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestReadIDX(t *testing.T) {
	for _, c := range []struct {
		name string
		file []byte
		kind kind
		want header
	}{
		{"images", idx(ramp(24), 2, 4, 3), images, header{2, 4, 3, 1, 16}},
		{"images of one channel", idx(ramp(24), 2, 4, 3, 1), images, header{2, 4, 3, 1, 20}},
		{"images of three channels", idx(ramp(72), 2, 4, 3, 3), images, header{2, 4, 3, 3, 20}},
		{"labels", idx(ramp(9), 9), labels, header{9, 1, 1, 1, 8}},
		{"more than the first read", idx(ramp(300*28*28), 300, 28, 28), images, header{300, 28, 28, 1, 16}},
	} {
		body := c.file[c.want.size:]
		for how, stored := range map[string][]byte{"plain": c.file, "gzip": gz(c.file)} {
			h, got, _, _, err := readStored(iotest.OneByteReader(bytes.NewReader(stored)), c.kind)
			if err != nil {
				t.Fatalf("%s, %s: %v", c.name, how, err)
			}
			if h != c.want || !bytes.Equal(got, body) {
				t.Errorf("%s, %s: read %v and %d bytes, expected %v and %d", c.name, how, h, len(got), c.want, len(body))
			}
		}
	}
}

func TestReadFileRefuses(t *testing.T) {
	good := idx(ramp(24), 2, 4, 3)
	packed := gz(good)
	flipped := bytes.Clone(packed)
	flipped[len(flipped)-8] ^= 1 // first byte of the CRC
	for _, c := range []struct {
		name string
		file []byte
		kind kind
		want []string
	}{
		{"empty", nil, images, []string{"offset 0", "ends after 0 bytes", "truncated?"}},
		{"one byte", []byte{0x1f}, images, []string{"ends after 1 bytes"}},
		{"half a magic", good[:3], images, []string{"ends after 3 bytes, 4 bytes of magic expected"}},
		{"half a header", good[:14], images, []string{"offset 12", "2 of 4 bytes of dimension 3 of 3"}},
		{"a web page", []byte("<!DOCTYPE html>"), images, []string{"offset 0", "<!DO", "expected 00 00 08 03 or 04"}},
		{"labels as images", idx(ramp(9), 9), images, []string{"offset 0", "is a label file where an image file was expected"}},
		{"images as labels", good, labels, []string{"offset 0", "is an image file where a label file was expected"}},
		{"floats", []byte{0, 0, 0x0d, 3, 0, 0, 0, 1}, images, []string{"offset 2", "element type is 0x0d, expected 0x08"}},
		{"no dimension", idx(nil), images, []string{"offset 3", "0 dimensions found, expected 03 or 04"}},
		{"255 dimensions", []byte{0, 0, 8, 255}, labels, []string{"offset 3", "255 dimensions found, expected 01"}},
		{"no images", idx(nil, 0, 28, 28), images, []string{"offset 4", "image count is 0, expected 1 to"}},
		{"no labels", idx(nil, 0), labels, []string{"offset 4", "label count is 0"}},
		{"no height", idx(nil, 1, 0, 28), images, []string{"offset 8", "height is 0, expected 1 to 4096"}},
		{"no width", idx(nil, 1, 28, 0), images, []string{"offset 12", "width is 0"}},
		{"wide", idx(nil, 1, 1, 4097), images, []string{"offset 12", "width is 4097, expected 1 to 4096"}},
		{"two channels", idx(ramp(2), 1, 1, 1, 2), images, []string{"offset 16", "channels is 2, expected 1 or 3"}},
		{"four channels", idx(ramp(4), 1, 1, 1, 4), images, []string{"offset 16", "channels is 4"}},
		{"wraps 32 bits", idx(nil, 1<<20, 4096, 4096), images, []string{"offset 4", "[1048576 4096 4096]", "limit of 4294967296 bytes"}},
		{"all ones", idx(nil, 1<<32-1, 1<<32-1, 1<<32-1), images, []string{"offset 4", "image count is 4294967295"}},
		{"one image short", good[:len(good)-12], images, []string{"offset 4: 2 images promised, 1 found (truncated?)"}},
		{"one byte short", good[:len(good)-1], images, []string{"offset 4: 2 images promised, 1 found (truncated?)"}},
		{"one label short", idx(ramp(8), 9), labels, []string{"9 labels promised, 8 found"}},
		{"one byte more", append(bytes.Clone(good), 0), images, []string{"offset 40", "bytes found after the last of 2 images"}},
		{"gzip, one byte more", gz(append(bytes.Clone(good), 0)), images, []string{"offset 40", "bytes found after"}},
		{"gzip, one image short", gz(good[:len(good)-12]), images, []string{"2 images promised, 1 found"}},
		{"gzip, half a header", packed[:7], images, []string{"inside the gzip header"}},
		{"gzip, half a stream", packed[:20], images, []string{"truncated?"}},
		{"gzip, no checksum", packed[:len(packed)-8], images, []string{"offset 40", "ends before its checksum"}},
		{"gzip, flipped checksum", flipped, images, []string{"offset 40", "gzip checksum"}},
		{"gzip, more bytes", append(bytes.Clone(packed), "more"...), images, []string{"gzip"}},
		{"gzip, wrong method", []byte("\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\x00"), images, []string{"invalid gzip header"}},
		{"gzip, corrupt", append(bytes.Clone(packed[:12]), 0xff, 0xff, 0xff, 0xff), images, []string{"damaged gzip stream"}},
		{"gzip in gzip", gz(packed), images, []string{"magic is 1f 8b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			writeFile(t, path, c.file)
			_, err := readFile(path, c.kind, "")
			wantError(t, err, ErrFormat, append(c.want, path)...)
		})
	}
}

// Shapes cannot wrap: this product is 1 modulo 2^64.
func TestShapesCannotWrap(t *testing.T) {
	_, err := checkDims([]uint64{4194305, 4194305, 211106198978564}, images)
	if err == nil {
		t.Fatal("4194305 x 4194305 x 211106198978564 was accepted")
	}
}

// A promise of 4 GB costs nothing until bytes arrive.
func TestMemoryFollowsWhatArrives(t *testing.T) {
	promise := idx(ramp(20), 1<<26, 8, 8)
	before := allocated()
	_, _, err := readIDX(bytes.NewReader(promise), images)
	took := allocated() - before
	if err == nil {
		t.Fatal("accepted")
	}
	if took > 1<<20 {
		t.Errorf("%d bytes taken for a file of %d", took, len(promise))
	}
}

// countReader counts what is taken from an endless stream of zeros.
type countReader struct{ n int64 }

func (c *countReader) Read(p []byte) (int, error) {
	clear(p)
	c.n += int64(len(p))
	return len(p), nil
}

// A gzip bomb is left at its first byte too many.
func TestBombStopsAtThePromise(t *testing.T) {
	bomb := gz(append(idx(nil, 2, 4, 3), make([]byte, 64<<20)...))
	before := allocated()
	_, _, _, _, err := readStored(bytes.NewReader(bomb), images)
	took := allocated() - before
	if err == nil || !strings.Contains(err.Error(), "bytes found after the last of 2 images") {
		t.Errorf("error is %v", err)
	}
	if took > 1<<20 {
		t.Errorf("%d bytes taken for 24 of content", took)
	}

	endless := &countReader{}
	if err := readEnd(endless, header{rows: 1, height: 1, width: 1, channels: 1}, images); err == nil || endless.n != 1 {
		t.Errorf("%d bytes taken from an endless stream, error %v", endless.n, err)
	}
}

// Every single flipped bit of a small file is refused or harmless (the time in
// a gzip header is): never another content.
func TestFlippedBitsAreSeen(t *testing.T) {
	file := idx(ramp(24), 2, 4, 3)
	h, body, err := readIDX(bytes.NewReader(file), images)
	if err != nil {
		t.Fatal(err)
	}
	packed := gz(file)
	refused := 0
	for bit := range 8 * len(packed) {
		broken := bytes.Clone(packed)
		broken[bit/8] ^= 1 << (bit % 8)
		gotHeader, got, _, _, err := readStored(bytes.NewReader(broken), images)
		if err != nil {
			refused++
			continue
		}
		if gotHeader != h || !cmp.Equal(got, body) {
			t.Errorf("bit %d of byte %d: wrong content was accepted", bit%8, bit/8)
		}
	}
	if all := 8 * len(packed); refused < all*3/4 {
		t.Errorf("only %d of %d flipped bits were refused", refused, all)
	}
}

// Every beginning of a file is refused.
func TestEveryTruncationIsSeen(t *testing.T) {
	file := idx(ramp(24), 2, 4, 3)
	for _, whole := range [][]byte{file, gz(file)} {
		for n := range whole {
			if _, _, _, _, err := readStored(bytes.NewReader(whole[:n]), images); err == nil {
				t.Errorf("%d of %d bytes were accepted", n, len(whole))
			}
		}
	}
}
