package digit

import (
	"bytes"
	"encoding/binary"
	"image"
)

// EXIF's orientations are 1 to 8: what has to be done to a picture so that it
// stands upright, as telephones leave it to the reader.
const (
	upright        = 1
	orientationTag = 0x0112
)

// orientation reads the EXIF orientation of a JPEG; what is missing or broken
// counts as upright.
func orientation(file []byte) int {
	for i := 2; i+4 <= len(file) && file[i] == 0xff; {
		marker, size := file[i+1], int(binary.BigEndian.Uint16(file[i+2:]))
		if marker == 0xda || size < 2 || i+2+size > len(file) {
			break
		}
		segment := file[i+4 : i+2+size]
		if tiff, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); marker == 0xe1 && ok {
			return tiffOrientation(tiff)
		}
		i += 2 + size
	}
	return upright
}

// tiffOrientation looks at the first directory of a TIFF.
func tiffOrientation(t []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	if bytes.HasPrefix(t, []byte("MM")) {
		order = binary.BigEndian
	}
	if len(t) < 8 {
		return upright
	}
	at := int64(order.Uint32(t[4:]))
	if at+2 > int64(len(t)) {
		return upright
	}
	entries := t[at+2:]
	for range order.Uint16(t[at:]) {
		if len(entries) < 12 {
			break
		}
		if order.Uint16(entries) == orientationTag {
			if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			break
		}
		entries = entries[12:]
	}
	return upright
}

// turn makes the picture stand upright.
func (p *Picture) turn(orientation int) {
	if orientation == upright {
		return
	}
	w, h := p.Size()
	turned := image.NewRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 { // a quarter turn
		turned = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch orientation {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			copy(turned.Pix[turned.PixOffset(tx, ty):][:4], p.rgba.Pix[p.rgba.PixOffset(x, y):][:4])
		}
	}
	p.rgba = turned
}
