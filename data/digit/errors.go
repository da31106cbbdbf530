package digit

import (
	"errors"
	"fmt"
	"io"
)

var (
	ErrFormat = errors.New("no picture that can be read") // not a whole PNG, JPEG or GIF
	ErrLimit  = errors.New("picture too large")           // a limit of Limits, or of time
	ErrInput  = errors.New("no image for the network")    // a picture, or a Preparation, that does not fit the network's images
)

// pictureError is one of the errors above, with its own text.
type pictureError struct {
	text string
	kind error
}

func (e *pictureError) Error() string { return "digit: " + e.text }
func (e *pictureError) Unwrap() error { return e.kind }

func formatError(format string, args ...any) error {
	return &pictureError{fmt.Sprintf(format, args...), ErrFormat}
}

func limitError(format string, args ...any) error {
	return &pictureError{fmt.Sprintf(format, args...), ErrLimit}
}

func inputError(format string, args ...any) error {
	return &pictureError{fmt.Sprintf(format, args...), ErrInput}
}

// codecError is what a decoder of Go's library says of a file.
func codecError(format string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return formatError("%s ends before its picture does (truncated?)", format)
	}
	return formatError("%s is damaged: %v", format, err)
}
