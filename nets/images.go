package nets

import (
	"fmt"
	"strings"
)

// SizeError says that a file's network does not see the images that the model
// sees, but for what a file does not say: it may have pooled them.
type SizeError struct{ text string }

func (e SizeError) Error() string { return e.text }

func sizeErrorf(format string, args ...any) error { return SizeError{fmt.Sprintf(format, args...)} }

// flattened is what has been flattened for a dense layer, (H,W,C); nil if it
// follows rows.
func (m *Model) flattened(layer string) (images []int) {
	for _, row := range m.rows {
		switch {
		case row.Name == layer:
			return images
		case len(row.Output) == 3:
			images = row.Output
		case row.Type != "Flatten" && row.Type != "Dropout":
			images = nil
		}
	}
	return images
}

// resized says, for a dense layer that follows images, what another number of
// inputs means. Theirs and ours are its kernel's shapes, inputs first.
func (m *Model) resized(w spec, theirs, ours []int) string {
	images := m.flattened(strings.TrimSuffix(w.name, ".kernel"))
	if images == nil || len(theirs) != 2 || len(ours) != 2 || theirs[1] != ours[1] || theirs[0] == ours[0] {
		return ""
	}
	text := fmt.Sprintf(" has %d inputs, where images of %s give %d x %d x %d = %d", theirs[0], size(m.Input), images[0], images[1], images[2], ours[0])
	if [3]int(images) != m.Input {
		text += fmt.Sprintf(": before it the file's network probably has a pooling layer, strides or padding, which the %s has not", m.Name)
	}
	return text + ", or it takes images of another size"
}
