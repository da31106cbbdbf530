package safetensors

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// Read reads a file of size bytes from r, and no byte more. The tensors come in the
// order of their bytes, their Data slices share one buffer; metadata is nil if the
// file has none. Every error begins with "safetensors: "; those of r stay wrapped.
func Read(r io.Reader, size int64) (tensors []Tensor, metadata map[string]string, err error) {
	tensors, metadata, err = read(r, size)
	if err != nil {
		return nil, nil, fmt.Errorf("safetensors: %w", err)
	}
	return tensors, metadata, nil
}

// ReadFile is [Read] on a regular file, whose path its errors name.
func ReadFile(path string) (tensors []Tensor, metadata map[string]string, err error) {
	// Asked before opening: a named pipe without a writer would block the opening.
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("safetensors: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("safetensors: %s: found a %s, expected a regular file", path, kind(info.Mode()))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("safetensors: %w", err)
	}
	defer f.Close()
	tensors, metadata, err = read(f, info.Size())
	if err != nil {
		return nil, nil, fmt.Errorf("safetensors: %s: %w", path, err)
	}
	return tensors, metadata, nil
}

func kind(mode os.FileMode) string {
	if mode.IsDir() {
		return "folder"
	}
	return "device, pipe or socket"
}

func read(r io.Reader, size int64) ([]Tensor, map[string]string, error) {
	header, err := readHeader(r, size)
	if err != nil {
		return nil, nil, err
	}
	entries, metadata, err := parseHeader(header)
	if err != nil {
		return nil, nil, err
	}
	bodyAt := lengthSize + int64(len(header))
	if err := arrange(entries, bodyAt, size-bodyAt); err != nil {
		return nil, nil, err
	}
	data, err := readN(r, bodyAt, size-bodyAt)
	if err != nil {
		return nil, nil, err
	}
	tensors := make([]Tensor, len(entries))
	for i, e := range entries {
		// The capacity ends with the tensor: an append must not reach its neighbour.
		e.Data = data[e.begin:e.end:e.end]
		tensors[i] = e.Tensor
	}
	return tensors, metadata, nil
}

// readHeader reads the length field and the header.
func readHeader(r io.Reader, size int64) ([]byte, error) {
	if size < lengthSize {
		return nil, fmt.Errorf("offset 0: found a file of %d bytes, expected %d of header length first", size, lengthSize)
	}
	field, err := readN(r, 0, lengthSize)
	if err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(field)
	switch {
	case n == 0:
		return nil, fmt.Errorf("offset 0: found the header length 0, expected a JSON object of 2 bytes or more")
	case n > headerLimit:
		return nil, fmt.Errorf("offset 0: found the header length %d, expected at most %d", n, headerLimit)
	case n > uint64(size-lengthSize):
		return nil, fmt.Errorf("offset 0: found the header length %d, expected at most the %d bytes that follow", n, size-lengthSize)
	}
	return readN(r, lengthSize, int64(n))
}

// readN reads the n bytes at file offset at. The buffer grows with the bytes that
// come, at most to their double, so a false size costs nothing.
func readN(r io.Reader, at, n int64) ([]byte, error) {
	const first = 1 << 20
	buf := make([]byte, min(n, first))
	for done := 0; ; {
		k, err := io.ReadFull(r, buf[done:])
		done += k
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil, fmt.Errorf("offset %d: found the end of the data, expected %d bytes more: %w", at+int64(done), n-int64(done), io.ErrUnexpectedEOF)
		}
		if err != nil {
			return nil, fmt.Errorf("offset %d: %w", at+int64(done), err)
		}
		if int64(done) == n {
			return buf, nil
		}
		grown := make([]byte, min(n, 2*int64(done)))
		copy(grown, buf)
		buf = grown
	}
}
