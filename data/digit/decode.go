package digit

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
)

// Limits are what a picture may ask for. The zero value is recommended for
// one's own files; a server that decodes several at a time wants less. Memory
// is at most some 20 bytes a pixel, and three times the bytes of the file.
type Limits struct {
	Pixels int // width times height; 0 is 1<<24, a photograph of 16 megapixels
	Bytes  int // of the file; 0 is 64 MiB
}

func (l Limits) pixels() int {
	if l.Pixels > 0 {
		return l.Pixels
	}
	return 1 << 24
}

func (l Limits) bytes() int {
	if l.Bytes > 0 {
		return l.Bytes
	}
	return 64 << 20
}

// maxScans is how often a progressive JPEG may go over its picture; ten is
// usual. A scan can cost 30 bytes of file and the time of a whole picture.
const maxScans = 200

// codec is one of the formats.
type codec struct {
	name   string
	magic  []string
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// gif.Decode stops behind the first frame.
var codecs = []codec{
	{"PNG", []string{"\x89PNG\r\n\x1a\n"}, png.DecodeConfig, png.Decode},
	{"JPEG", []string{"\xff\xd8\xff"}, jpeg.DecodeConfig, jpeg.Decode},
	{"GIF", []string{"GIF87a", "GIF89a"}, gif.DecodeConfig, gif.Decode},
}

// Decode reads a PNG, a JPEG or the first frame of a GIF. Its size is held
// against the limits before anything is decoded. The picture stands upright, as
// EXIF says. Errors are ErrFormat, ErrLimit, or the reader's.
func Decode(r io.Reader, l Limits) (*Picture, error) {
	file, err := io.ReadAll(io.LimitReader(r, int64(l.bytes())+1))
	if err != nil {
		return nil, fmt.Errorf("digit: %w", err)
	}
	if len(file) > l.bytes() {
		return nil, limitError("the file has more than the limit of %d bytes", l.bytes())
	}
	c, err := recognize(file)
	if err != nil {
		return nil, err
	}
	config, err := c.config(bytes.NewReader(file))
	if err != nil {
		return nil, codecError(c.name, err)
	}
	if err := l.check(c.name, config); err != nil {
		return nil, err
	}
	turn := upright
	if c.name == "JPEG" {
		if n := bytes.Count(file, []byte{0xff, 0xda}); n > maxScans {
			return nil, limitError("JPEG has %d scans, more than the limit of %d", n, maxScans)
		}
		turn = orientation(file)
	}
	img, err := c.decode(bytes.NewReader(file))
	if err != nil {
		return nil, codecError(c.name, err)
	}
	if img.Bounds().Empty() {
		return nil, formatError("%s has no pixels", c.name)
	}
	p := FromImage(img)
	p.turn(turn)
	return p, nil
}

// recognize tells the format by the file's first bytes.
func recognize(file []byte) (codec, error) {
	for _, c := range codecs {
		for _, magic := range c.magic {
			if bytes.HasPrefix(file, []byte(magic)) {
				return c, nil
			}
		}
	}
	if len(file) == 0 {
		return codec{}, formatError("the file is empty, expected PNG, JPEG or GIF")
	}
	return codec{}, formatError("the file begins with %q, which is neither PNG, JPEG nor GIF", file[:min(8, len(file))])
}

func (l Limits) check(format string, c image.Config) error {
	if c.Width < 1 || c.Height < 1 {
		return formatError("%s of %d x %d pixels", format, c.Width, c.Height)
	}
	if c.Width > l.pixels()/c.Height {
		return limitError("%s of %d x %d pixels, more than the limit of %d; make it smaller", format, c.Width, c.Height, l.pixels())
	}
	return nil
}

// maxPixels is how many pixels an image may have; those of image.Uniform are more.
const maxPixels = 1 << 30

// FromImage copies an image, but for a *Picture, which it returns. What transparent
// parts show is the business of who prepares it: see Normalize and Scale. Nil, and an
// image without bounds, such as image.White, are a picture without pixels, of which
// Row makes nothing.
func FromImage(img image.Image) *Picture {
	if p, ok := img.(*Picture); ok && p != nil {
		return p
	} else if ok || img == nil {
		img = &image.RGBA{}
	}
	b := img.Bounds()
	if b.Empty() || b.Dx() > maxPixels/b.Dy() {
		return &Picture{rgba: &image.RGBA{}}
	}
	p := &Picture{rgba: image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))}
	draw.Draw(p.rgba, p.rgba.Bounds(), img, b.Min, draw.Src)
	o, ok := img.(interface{ Opaque() bool })
	p.clear = !(ok && o.Opaque()) && !p.rgba.Opaque()
	return p
}

// opaque is the picture without transparency: where it is transparent, its
// background shows. A drawing on a transparent sheet gets white paper if the ink
// is dark, black if it is light; a picture with paper of its own gets more of
// that paper.
func (p *Picture) opaque() *Picture {
	if !p.clear {
		return p
	}
	on := &Picture{rgba: &image.RGBA{Pix: slices.Clone(p.rgba.Pix), Stride: p.rgba.Stride, Rect: p.rgba.Rect}}
	on.compose(p.background())
	return on
}

// background is the grey behind a transparent picture.
func (p *Picture) background() uint8 {
	var histogram [256]float64 // of the opaque part, by alpha
	var opaque, sum float64
	for i := 0; i < len(p.rgba.Pix); i += 4 {
		px := p.rgba.Pix[i : i+4 : i+4]
		if px[3] == 0 {
			continue
		}
		a := float64(px[3]) / 255
		l := min(255, luminance(px)/a)
		histogram[int(l)] += a
		opaque, sum = opaque+a, sum+a*l
	}
	if opaque == 0 {
		return 255
	}
	if low, high := classMeans(histogram[:]); opaque > float64(len(p.rgba.Pix)/4)/2 && high-low > 64 {
		return uint8(median(histogram[:])) // ink and paper
	}
	if sum/opaque < 128 {
		return 255
	}
	return 0
}

// compose puts the picture, whose colours are premultiplied, before a grey.
func (p *Picture) compose(grey uint8) {
	for i := 0; i < len(p.rgba.Pix); i += 4 {
		px := p.rgba.Pix[i : i+4 : i+4]
		rest := (int(grey)*(255-int(px[3])) + 127) / 255
		for c := range 3 {
			px[c] = uint8(min(255, int(px[c])+rest))
		}
		px[3] = 255
	}
}

// luminance is Rec. 601's, as in image/color, from 0 to 255.
func luminance(rgb []uint8) float64 {
	return (299*float64(rgb[0]) + 587*float64(rgb[1]) + 114*float64(rgb[2])) / 1000
}
