package command

import (
	"fmt"
	"strings"

	"stheno/nets/train/progress"
)

// preview draws images in a terminal, two pixels in a character.
type preview struct {
	height, width, channels int
	color                   bool
}

// newPreview is nil for images that the terminal is too narrow for.
func newPreview(input [3]int, terminal progress.Terminal) *preview {
	columns := 80
	if terminal.Width != nil {
		if width := terminal.Width(); width > 0 {
			columns = width
		}
	}
	if input[1] > columns {
		return nil
	}
	return &preview{input[0], input[1], input[2], terminal.Color}
}

// at is the brightness of a pixel; below the image it is black.
func (p *preview) at(pixels []uint8, x, y int) (sum int) {
	if y >= p.height {
		return 0
	}
	for c := range p.channels {
		sum += int(pixels[(y*p.width+x)*p.channels+c])
	}
	return sum / p.channels
}

func (p *preview) show(pixels []uint8) string {
	var b strings.Builder
	for y := 0; y < p.height; y += 2 {
		if y > 0 {
			b.WriteByte('\n')
		}
		var line strings.Builder
		for x := range p.width {
			upper, lower := p.at(pixels, x, y), p.at(pixels, x, y+1)
			if p.color {
				fmt.Fprintf(&line, "\x1b[38;5;%d;48;5;%dm▀", grey(upper), grey(lower))
			} else {
				line.WriteString([]string{" ", "▄", "▀", "█"}[upper/128*2+lower/128])
			}
		}
		if p.color {
			line.WriteString("\x1b[0m")
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
	}
	return b.String()
}

// grey is the nearest of a terminal's 256 colours: black, 24 greys, white.
func grey(v int) int {
	switch {
	case v < 4:
		return 16
	case v > 246:
		return 231
	}
	return 232 + min(23, (v-3)/10)
}
