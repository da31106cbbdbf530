package command

import (
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"path/filepath"

	"stheno/cmd/internal/shell"
	"stheno/data"
	"stheno/data/augment"
	"stheno/nets/durable"
)

// sheet is the contact sheet of distorted images that -augment-sheet asks for.
type sheet struct{ path string } // empty for none

// The sheet's measures: views beside the original, dots a pixel, dots between images.
const (
	sheetViews = 12
	sheetZoom  = 3
	sheetGap   = 6
)

func (s *sheet) define(f *flag.FlagSet) {
	f.StringVar(&s.path, "augment-sheet", "", "with -augment: write a contact sheet to this .png `file` and stop; a row a class, first an image as it is, then as the first epochs would see it")
}

func (s *sheet) check(augmented bool) error {
	switch {
	case s.path != "" && !augmented:
		return shell.Usage("-augment-sheet: goes with -augment SPEC")
	case s.path != "" && filepath.Ext(s.path) != ".png":
		return shell.Usagef("-augment-sheet %s: the file's name must end in .png", s.path)
	}
	return nil
}

// writeSheet draws what this training would see of the first image of each class.
func (s *settings) writeSheet(rows *data.Set) error {
	spec, err := augment.Parse(s.Augment)
	if err != nil {
		return err
	}
	picture := drawSheet(rows, spec, s.Seed)
	if err := durable.WriteFile(s.sheet.path, func(w io.Writer) error { return png.Encode(w, picture) }); err != nil {
		return fmt.Errorf("-augment-sheet: %w", err)
	}
	return nil
}

func drawSheet(rows *data.Set, spec augment.Spec, seed uint64) image.Image {
	first := firstRows(rows)
	shape := rows.Shape()
	height, width := shape[0]*sheetZoom+sheetGap, shape[1]*sheetZoom+sheetGap
	picture := image.NewRGBA(image.Rect(0, 0, (1+sheetViews)*width+sheetGap, len(first)*height+sheetGap))
	for i := range picture.Pix {
		picture.Pix[i] = 0x60 // between the images
		if i%4 == 3 {
			picture.Pix[i] = 0xff
		}
	}
	as, distorted := augment.New(augment.Spec{}, shape), augment.New(spec, shape)
	values := make([]float32, shape[0]*shape[1]*shape[2])
	for line, row := range first {
		pixels, _ := rows.Pick(row).Row(0)
		for epoch := range 1 + sheetViews {
			a := distorted
			if epoch == 0 {
				a = as
			}
			a.Distort(values, pixels, augment.Key{Seed: seed, Epoch: epoch, Row: row})
			drawImage(picture, values, shape, image.Pt(sheetGap+epoch*width, sheetGap+line*height))
		}
	}
	return picture
}

// firstRows are the first row of each class, in the order of the classes.
func firstRows(s *data.Set) (rows []int) {
	first := make(map[uint8]int)
	highest := 0
	for i, label := range s.Labels {
		if _, ok := first[label]; !ok {
			first[label], highest = i, max(highest, int(label))
		}
	}
	for label := range highest + 1 {
		if row, ok := first[uint8(label)]; ok {
			rows = append(rows, row)
		}
	}
	return rows
}

// drawImage draws values (H,W,C), grey or coloured.
func drawImage(to *image.RGBA, values []float32, shape [3]int, at image.Point) {
	for y := range shape[0] * sheetZoom {
		for x := range shape[1] * sheetZoom {
			v := values[(y/sheetZoom*shape[1]+x/sheetZoom)*shape[2]:][:shape[2]]
			level := func(c int) uint8 { return uint8(v[min(c, len(v)-1)]*255 + 0.5) }
			to.SetRGBA(at.X+x, at.Y+y, color.RGBA{level(0), level(1), level(2), 255})
		}
	}
}
