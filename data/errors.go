package data

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"unicode"
)

// The kinds of error that Open and FromGoMNIST return, for errors.Is. The texts
// that users see are those of FileError, which wraps one of these or the
// operating system's error.
var (
	ErrNotFound  = errors.New("data: files not found")            // a folder, or one of its four files, is missing
	ErrAmbiguous = errors.New("data: more than one set of files") // a folder holds several candidates
	ErrFormat    = errors.New("data: not a valid set")            // bytes that break the format, or do not fit together
	ErrChecksum  = errors.New("data: checksum does not match")    // not the published file
)

// What a caller's bug is answered with.
const (
	panicBatchSize = "data: batch size must be positive"
	panicBatchSet  = "data: batch belongs to no set"
	panicBatchRow  = "data: batch names a row that the set does not have"
	panicPixels    = "data: pixels must hold exactly len(Rows)*H*W*C values"
	panicLabels    = "data: labels must hold exactly len(Rows) values"
	panicClasses   = "data: classes must be positive"
	panicLabel     = "data: label outside 0 <= label < classes"
)

// FileError is an error about one file or folder, told in one line:
//
//	data: PATH: offset OFFSET: TEXT
type FileError struct {
	Path   string // the file or folder
	Offset int64  // byte in the file, after decompression; negative: none to name
	Text   string // what was found and what was expected
	Err    error  // one of the kinds above, or the cause
}

// Error returns the one line. A path with control characters is quoted.
func (e *FileError) Error() string {
	path := e.Path
	if strings.ContainsFunc(path, unicode.IsControl) {
		path = strconv.Quote(path)
	}
	if e.Offset < 0 {
		return fmt.Sprintf("data: %s: %s", path, e.Text)
	}
	return fmt.Sprintf("data: %s: offset %d: %s", path, e.Offset, e.Text)
}

// Unwrap returns the kind or the cause.
func (e *FileError) Unwrap() error { return e.Err }

// formatError is a broken format at an offset of a file whose path the caller
// of the reader adds.
func formatError(offset int64, format string, args ...any) *FileError {
	return &FileError{Offset: offset, Text: fmt.Sprintf(format, args...), Err: ErrFormat}
}

// fileError is an error of some kind about path as a whole.
func fileError(path string, kind error, format string, args ...any) *FileError {
	return &FileError{Path: path, Offset: -1, Text: fmt.Sprintf(format, args...), Err: kind}
}

// systemError is an operating system's error about path. The path inside a
// fs.PathError is dropped, so that the line names it once.
func systemError(path string, err error) *FileError {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return &FileError{Path: path, Offset: -1, Text: err.Error(), Err: err}
}

// streamError explains why reading stopped at an offset. The end of the input
// has the caller's words; everything else speaks of the gzip stream or the disk.
func streamError(offset int64, err error, atEnd string) *FileError {
	var corrupt flate.CorruptInputError
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return formatError(offset, "%s", atEnd)
	case err == gzip.ErrChecksum:
		return formatError(offset, "gzip checksum or length does not match the content (damaged file)")
	case err == gzip.ErrHeader:
		return formatError(offset, "invalid gzip header, or bytes after the gzip stream")
	case errors.As(err, &corrupt):
		return formatError(offset, "damaged gzip stream: corrupt input before compressed byte %d", int64(corrupt))
	}
	e := systemError("", err)
	e.Offset = offset
	return e
}
