package data

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"os"
)

// idxFile is an IDX file as read: its content, and the hash of its stored bytes.
type idxFile struct {
	header
	body   []uint8
	path   string
	sha256 string
	inside string // of a gzipped file, the hash of what it holds
}

// readFile reads the IDX file at path, plain or gzipped. If want is not empty it
// is the SHA-256 that the stored bytes must have.
func readFile(path string, k kind, want string) (*idxFile, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h, body, sum, inside, err := readStored(f, k)
	if err != nil {
		e := err.(*FileError)
		e.Path = path
		if want != "" && e.Err == ErrFormat {
			e.Text += "; " + notPublished
		}
		return nil, e
	}
	if want != "" && sum != want {
		return nil, fileError(path, ErrChecksum, "SHA-256 is %s, expected %s; %s", sum, want, notPublished)
	}
	return &idxFile{header: h, body: body, path: path, sha256: sum, inside: inside}, nil
}

// notPublished is the advice about a file that Stheno chose itself.
const notPublished = "this is not the published MNIST file: remove it and try again, or name a folder with -data DIR"

// openRegular opens a file but no folder, pipe or device: those can hang.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, systemError(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fileError(path, ErrFormat, "is not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, systemError(path, err)
	}
	return f, nil
}

// readStored reads an IDX file from its stored bytes, plain or gzipped, and
// returns their SHA-256 too, and that of what a gzipped file holds. The first two bytes tell which it is, not the name:
// browsers unpack what they download. On success the input was read to its end,
// so the hash is of all of it. Errors are FileErrors without a path.
func readStored(r io.Reader, k kind) (h header, body []uint8, sum, inside string, err error) {
	whole, held := sha256.New(), hash.Hash(nil)
	stored := bufio.NewReaderSize(io.TeeReader(r, whole), 64<<10)
	content := io.Reader(stored)
	// A failing Peek means an input of less than two bytes, or a disk error that
	// the read below meets again: both are readIDX's to tell.
	if start, _ := stored.Peek(2); len(start) == 2 && start[0] == 0x1f && start[1] == 0x8b {
		z, err := gzip.NewReader(stored)
		if err != nil {
			return header{}, nil, "", "", streamError(0, err, "file ends inside the gzip header (truncated?)")
		}
		held = sha256.New()
		content = io.TeeReader(z, held)
	}
	if h, body, err = readIDX(content, k); err != nil {
		return header{}, nil, "", "", err
	}
	if held != nil {
		inside = hex.EncodeToString(held.Sum(nil))
	}
	return h, body, hex.EncodeToString(whole.Sum(nil)), inside, nil
}
