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
	"slices"
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

	After []string // the layers whose outputs it takes; nil in a model that is a chain
}

// Write prints the table for a terminal of so many columns, and below it the number
// of parameters and what they take at 4 bytes each: of all, of those that are
// trained, and of those that are not.
//
// Where a row has an After the model branches, and its table a column that says what
// each layer is connected to.
//
// The table is min(88, columns-4) wide, but at least 24; of a model that branches
// min(108, columns-4), but at least 40. A cell too long for its
// column is wrapped between words, and a word longer than the column ends in an
// ellipsis; so are the lines around the table. One character is taken to be one
// column wide; control characters are shown as U+FFFD. The only errors are w's.
func Write(w io.Writer, model string, rows []Row, columns int) error {
	t, branches := newTable(chain, columns), slices.ContainsFunc(rows, func(r Row) bool { return r.After != nil })
	head := []string{"Layer (type)", "Output Shape", "Param #"}
	if branches {
		t, head = newTable(branching, columns), append(head, "Connected to")
	}
	columns = max(columns, t.width+4)
	t.header(head...)
	total, frozen := 0, 0
	for i, r := range rows {
		if i > 0 {
			t.rule("├", "─", "┼", "┤")
		}
		cells := []string{r.Name + " (" + r.Type + ")", shape(r.Output), Thousands(r.Params)}
		if branches {
			cells = append(cells, connections(r.After))
		}
		t.row(cells...)
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

// connections writes conv2d[0][0], re_lu[0][0]: of each layer Keras says which of its
// calls it was, and which of its outputs, here the first and only ones.
func connections(after []string) string {
	if len(after) == 0 {
		return "-"
	}
	return strings.Join(after, "[0][0], ") + "[0][0]"
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
