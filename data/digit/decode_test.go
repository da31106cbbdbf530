package digit_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"runtime/metrics"
	"strings"
	"testing"
	"testing/iotest"

	"stheno/data/digit"
)

// allocated returns the bytes allocated so far, without stopping the world.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// enormous is a PNG that promises w x h pixels and has none.
func enormous(w, h uint32) []byte {
	head := []byte("IHDR")
	head = binary.BigEndian.AppendUint32(head, w)
	head = binary.BigEndian.AppendUint32(head, h)
	head = append(head, 16, 6, 0, 0, 0)
	file := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(file, head...), crc32.ChecksumIEEE(head))
}

// small is a picture with ink in every format.
func small(t testing.TB) map[string][]byte {
	img := seven(40, 30, image.Rect(10, 5, 25, 22), 4, white, black)
	return map[string][]byte{"PNG": asPNG(t, img), "JPEG": asJPEG(t, img, 80), "GIF": asGIF(t, img)}
}

func TestDecodeRefuses(t *testing.T) {
	files := small(t)
	patched := func(format string, at int, with ...byte) []byte {
		b := bytes.Clone(files[format])
		copy(b[at:], with)
		return b
	}
	frame := bytes.Index(files["JPEG"], []byte{0xff, 0xc0})
	for name, c := range map[string]struct {
		file []byte
		kind error
		says string
	}{
		"empty":            {nil, digit.ErrFormat, "empty"},
		"text":             {[]byte("this is a text"), digit.ErrFormat, `begins with "this is "`},
		"enormous PNG":     {enormous(65535, 65535), digit.ErrLimit, "PNG of 65535 x 65535 pixels, more than the limit of 16777216"},
		"wide PNG":         {enormous(1<<31-1, 1<<31-1), digit.ErrFormat, "PNG"},
		"long PNG":         {enormous(1, 1<<25), digit.ErrLimit, "1 x 33554432"},
		"PNG of no width":  {enormous(0, 5), digit.ErrFormat, "PNG"},
		"enormous JPEG":    {patched("JPEG", frame+5, 0xff, 0xff, 0xff, 0xff), digit.ErrLimit, "JPEG of 65535 x 65535"},
		"JPEG of no width": {patched("JPEG", frame+7, 0, 0), digit.ErrFormat, "JPEG"},
		"enormous GIF":     {patched("GIF", 6, 0xff, 0xff, 0xff, 0xff), digit.ErrLimit, "GIF of 65535 x 65535"},
		"GIF of no height": {patched("GIF", 8, 0, 0), digit.ErrFormat, "GIF"},
		"endless scans":    {append(bytes.Clone(files["JPEG"]), bytes.Repeat([]byte{0xff, 0xda}, 300)...), digit.ErrLimit, "301 scans"},
		"bad checksum":     {patched("PNG", 29, 1, 2, 3), digit.ErrFormat, "PNG is damaged"},
	} {
		before := allocated()
		_, err := digit.Decode(bytes.NewReader(c.file), digit.Limits{})
		if took := allocated() - before; took > 4<<20 {
			t.Errorf("%s: takes %d bytes", name, took)
		}
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, expected %v with %q", name, err, c.kind, c.says)
		}
	}
	if _, err := digit.Decode(bytes.NewReader(files["PNG"]), digit.Limits{Pixels: 1199}); !errors.Is(err, digit.ErrLimit) {
		t.Errorf("1200 pixels with a limit of 1199: %v", err)
	}
	if _, err := digit.Decode(bytes.NewReader(files["PNG"]), digit.Limits{Bytes: len(files["PNG"]) - 1}); !errors.Is(err, digit.ErrLimit) {
		t.Errorf("a byte too many: %v", err)
	}
	if _, err := digit.Decode(bytes.NewReader(files["PNG"]), digit.Limits{Pixels: 1200, Bytes: len(files["PNG"])}); err != nil {
		t.Errorf("just as large as the limits: %v", err)
	}
	broken := errors.New("broken")
	if _, err := digit.Decode(iotest.ErrReader(broken), digit.Limits{}); !errors.Is(err, broken) {
		t.Errorf("a reader that fails: %v", err)
	}
}

// TestTruncated: each file, cut anywhere, is an error or, where only its end is
// missing, the picture.
func TestTruncated(t *testing.T) {
	for format, file := range small(t) {
		for n := range file {
			_, err := digit.Decode(bytes.NewReader(file[:n]), digit.Limits{})
			if err != nil && !errors.Is(err, digit.ErrFormat) || err == nil && n < len(file)-30 {
				t.Errorf("%s of %d bytes of %d: %v", format, n, len(file), err)
			}
		}
	}
}

// TestKinds: every kind of pixels is read as the same picture.
func TestKinds(t *testing.T) {
	plain := seven(40, 30, image.Rect(10, 5, 25, 22), 4, white, black)
	want := normalize(t, digit.FromImage(plain))
	for name, img := range map[string]interface {
		image.Image
		Set(x, y int, c color.Color)
	}{
		"Gray":      image.NewGray(plain.Rect),
		"Gray16":    image.NewGray16(plain.Rect),
		"RGBA":      image.NewRGBA(plain.Rect),
		"NRGBA64":   image.NewNRGBA64(plain.Rect),
		"CMYK":      image.NewCMYK(plain.Rect),
		"Paletted":  image.NewPaletted(image.Rect(0, 0, 40, 30), greys()),
		"elsewhere": image.NewGray(plain.Rect.Add(image.Pt(-7, 11))),
	} {
		at := img.Bounds().Min
		for y := range 30 {
			for x := range 40 {
				img.Set(at.X+x, at.Y+y, plain.At(x, y))
			}
		}
		if d := apart(want, normalize(t, digit.FromImage(img))); d > 0.01 {
			t.Errorf("%s: %.3f apart", name, d)
		}
		if name == "CMYK" { // which no encoder of Go's library writes
			continue
		}
		if d := apart(want, normalize(t, decode(t, asPNG(t, img)))); d > 0.01 {
			t.Errorf("%s as PNG: %.3f apart", name, d)
		}
	}
}

func greys() (p color.Palette) {
	for i := range 256 {
		p = append(p, color.Gray{uint8(i)})
	}
	return p
}

// TestCMYK: Adobe's JPEGs have four channels; this one is of one grey. Recipe:
// a baseline JPEG of one 8 x 8 block in four components whose coefficients are
// all 0 but one, written by hand.
func TestCMYK(t *testing.T) {
	file := []byte{0xff, 0xd8}
	segment := func(marker byte, body ...byte) {
		file = append(file, 0xff, marker, 0, byte(len(body)+2))
		file = append(file, body...)
	}
	segment(0xee, append([]byte("Adobe"), 0, 100, 0, 0, 0, 0, 0)...)
	segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)...)
	segment(0xc0, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0)
	counts := make([]byte, 16)
	counts[0] = 1 // one code of one bit, 0: the value 0
	segment(0xc4, append(append([]byte{0x00}, counts...), 0)...)
	segment(0xc4, append(append([]byte{0x10}, counts...), 0)...)
	segment(0xda, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0)
	file = append(file, 0x00, 0xff, 0xd9) // eight codes of 0
	p := decode(t, file)
	if w, h := p.Size(); w != 8 || h != 8 {
		t.Errorf("%d x %d pixels", w, h)
	}
	if _, ink := p.Normalize(); ink {
		t.Error("one grey has ink")
	}
}

// TestFirstFrame: what follows in a GIF has no say, and costs nothing.
func TestFirstFrame(t *testing.T) {
	first := seven(40, 30, image.Rect(10, 5, 25, 22), 4, white, black)
	other := image.NewGray(first.Rect)
	frames := []image.Image{first}
	for range 500 {
		frames = append(frames, other)
	}
	before := allocated()
	file := asGIF(t, frames...)
	made := allocated() - before
	before = allocated()
	got := normalize(t, decode(t, file))
	if took := allocated() - before; took > 4<<20 {
		t.Errorf("%d bytes taken, where %d were for all frames", took, made)
	}
	if d := apart(normalize(t, decode(t, asGIF(t, first))), got); d != 0 {
		t.Errorf("%.3f apart from the first frame alone", d)
	}
}

// TestOrientation: a telephone that was held on its side.
func TestOrientation(t *testing.T) {
	img := seven(48, 32, image.Rect(10, 5, 25, 22), 4, white, black)
	want := normalize(t, digit.FromImage(img))
	// where the pixel (x,y) of the upright picture is stored
	stored := map[byte]func(x, y int) (int, int){
		1: func(x, y int) (int, int) { return x, y },
		2: func(x, y int) (int, int) { return 47 - x, y },
		3: func(x, y int) (int, int) { return 47 - x, 31 - y },
		4: func(x, y int) (int, int) { return x, 31 - y },
		5: func(x, y int) (int, int) { return y, x },
		6: func(x, y int) (int, int) { return y, 47 - x },
		7: func(x, y int) (int, int) { return 31 - y, 47 - x },
		8: func(x, y int) (int, int) { return 31 - y, x },
	}
	for o, to := range stored {
		turned := image.NewGray(image.Rect(0, 0, 48, 32))
		if o >= 5 {
			turned = image.NewGray(image.Rect(0, 0, 32, 48))
		}
		for y := range 32 {
			for x := range 48 {
				tx, ty := to(x, y)
				turned.Set(tx, ty, img.At(x, y))
			}
		}
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			file := withOrientation(asJPEG(t, turned, 95), o, order)
			if d := apart(want, normalize(t, decode(t, file))); d > 0.05 {
				t.Errorf("orientation %d, %v: %.3f apart", o, order, d)
			}
		}
	}
}

// withOrientation puts EXIF into a JPEG.
func withOrientation(file []byte, o byte, order binary.AppendByteOrder) []byte {
	tiff := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		tiff = []byte("MM\x00*")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2)
	for _, entry := range [][2]uint16{{0x0100, 40}, {0x0112, uint16(o)}} {
		tiff = order.AppendUint16(order.AppendUint16(tiff, entry[0]), 3)
		tiff = order.AppendUint16(order.AppendUint32(tiff, 1), entry[1])
		tiff = append(tiff, 0, 0)
	}
	body := append([]byte("Exif\x00\x00"), tiff...)
	head := append(binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(body)+2)), body...)
	return append(head, file[2:]...)
}

// FuzzDecode: no bytes make the package panic, hang, or take more than its
// limits say; what is read gives images.
func FuzzDecode(f *testing.F) {
	for _, file := range small(f) {
		f.Add(file)
		f.Add(file[:len(file)/2])
	}
	f.Add(withOrientation(small(f)["JPEG"], 6, binary.LittleEndian))
	f.Add(withOrientation(small(f)["JPEG"], 8, binary.BigEndian)[:60])
	f.Add(asPNG(f, image.NewPaletted(image.Rect(0, 0, 1, 1), greys()[:3])))
	f.Add(asPNG(f, image.NewNRGBA64(image.Rect(0, 0, 3, 2))))
	f.Add(enormous(65535, 65535))
	f.Fuzz(func(t *testing.T, file []byte) {
		limits := digit.Limits{Pixels: 1 << 14, Bytes: 1 << 16}
		before := allocated()
		p, err := digit.Decode(bytes.NewReader(file), limits)
		if took := allocated() - before; took > 24<<14+4<<16+8<<20 { // and what other goroutines take
			t.Errorf("%d bytes taken for a file of %d", took, len(file))
		}
		if err != nil {
			if !errors.Is(err, digit.ErrFormat) && !errors.Is(err, digit.ErrLimit) || strings.ContainsAny(err.Error(), "\n") {
				t.Fatalf("error %v", err)
			}
			return
		}
		if w, h := p.Size(); w < 1 || h < 1 || w*h > limits.Pixels {
			t.Fatalf("%d x %d pixels", w, h)
		}
		pixels, ink := p.Normalize()
		some := false
		for _, v := range pixels {
			some = some || v > 0
		}
		if len(pixels) != 784 || some != ink {
			t.Errorf("%d pixels, ink %v", len(pixels), ink)
		}
		if pixels := p.Scale([3]int{5, 3, 3}); len(pixels) != 45 {
			t.Errorf("%d pixels", len(pixels))
		}
	})
}

// TestPictureIsAnImage that becomes the same picture again, as it is or by a file.
func TestPictureIsAnImage(t *testing.T) {
	p := digit.FromImage(seven(60, 40, image.Rect(10, 5, 25, 22), 4, white, black))
	if digit.FromImage(p) != p {
		t.Error("a picture is copied")
	}
	var file bytes.Buffer
	if err := png.Encode(&file, p); err != nil {
		t.Fatal(err)
	}
	again, err := digit.Decode(&file, digit.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if shape := [3]int{40, 60, 3}; !bytes.Equal(again.Scale(shape), p.Scale(shape)) {
		t.Error("a file of it holds another picture")
	}
}
