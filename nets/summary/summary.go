// Package summary prints a model as Keras 3's model.summary() does.
//
// Promise: at 80 columns every byte is Keras's, and at other widths the column
// widths, the wrapping and the ellipses are those of Keras and the library rich that
// draws for it; tests hold both against recorded output. No colours.
//
// The frame is drawn here because go-pretty, which could otherwise do it, knows no
// table whose header has other verticals than its body.
package summary

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// Row is one layer.
type Row struct {
	Name, Type string // "dense_1", "Dense"
	Output     []int  // sizes without the batch, which is printed as None
	Params     int    // number of parameters
	Frozen     int    // how many of them are not trained
}

// Write prints the table for a terminal of so many columns, and below it the number
// of parameters and what they take at 4 bytes each: of all, of those that are
// trained, and of those that are not.
//
// The table is min(88, columns-4) wide, but at least 24. A cell too long for its
// column is wrapped between words, and a word longer than the column ends in an
// ellipsis; so are the lines around the table. One character is taken to be one
// column wide; control characters are shown as U+FFFD. The only errors are w's.
func Write(w io.Writer, model string, rows []Row, columns int) error {
	const narrowest = 24
	columns = max(columns, narrowest+4)
	t := newTable(min(88, columns-4))
	t.header("Layer (type)", "Output Shape", "Param #")
	total, frozen := 0, 0
	for i, r := range rows {
		if i > 0 {
			t.rule("├", "─", "┼", "┤")
		}
		t.row(r.Name+" ("+r.Type+")", shape(r.Output), Thousands(r.Params))
		total, frozen = total+r.Params, frozen+r.Frozen
	}
	t.rule("└", "─", "┴", "┘")

	var out strings.Builder
	prose := func(line string) {
		out.WriteString(strings.Join(wrap(line, columns), "\n") + "\n")
	}
	prose(`Model: "` + model + `"`)
	out.WriteString(t.String())
	prose(" Total params: " + count(total))
	prose(" Trainable params: " + count(total-frozen))
	prose(" Non-trainable params: " + count(frozen))
	_, err := io.WriteString(w, out.String())
	return err
}

// shape writes (None, 28, 28, 1).
func shape(sizes []int) string {
	s := "(None"
	for _, n := range sizes {
		s += ", " + strconv.Itoa(n)
	}
	return s + ")"
}

// count writes 407,050 (1.55 MB).
func count(params int) string {
	return Thousands(params) + " (" + memory(4*float64(params)) + ")"
}

// Thousands writes n with a comma before every three digits.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// memory writes a number of bytes in the unit that leaves it below 1024.
func memory(bytes float64) string {
	units := []string{"B", "KB", "MB", "GB", "TB", "PB", "EB"}
	for bytes >= 1024 && len(units) > 1 {
		bytes /= 1024
		units = units[1:]
	}
	return fmt.Sprintf("%.2f %s", bytes, units[0])
}

// printable replaces what would break the frame.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
