package keras

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"

	"stheno/nets/hdf5"
)

const (
	weightsFile = "model.weights.h5"
	mostBytes   = 2 << 30 // of it, unpacked
)

// unpack reads model.weights.h5 out of an archive.
func unpack(f io.ReaderAt, size int64) ([]byte, error) {
	archive, err := zip.NewReader(f, size)
	if err != nil {
		return nil, fmt.Errorf("found %s, expected a zip archive, as Keras 3's model.save(\"model.keras\") writes: %w", kind(f), err)
	}
	var entry *zip.File
	for _, e := range archive.File {
		if e.Name != weightsFile {
			continue
		}
		if entry != nil {
			return nil, fmt.Errorf("found %s twice in the archive, expected it once", weightsFile)
		}
		entry = e
	}
	if entry == nil {
		return nil, fmt.Errorf("found no %s in the archive of %d files, expected a model that Keras 3 has saved", weightsFile, len(archive.File))
	}
	limit := min(mostBytes, 64<<20+4*size)
	if entry.UncompressedSize64 > uint64(limit) {
		return nil, fmt.Errorf("%s: found %d bytes, unpacked, expected at most %d in an archive of %d", weightsFile, entry.UncompressedSize64, limit, size)
	}
	file, err := inflate(entry, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", weightsFile, err)
	}
	return file, nil
}

// inflate reads an entry to its end, where archive/zip compares size and CRC-32.
// The buffer grows with the bytes that come, so a false size costs nothing.
func inflate(entry *zip.File, limit int64) ([]byte, error) {
	r, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var file bytes.Buffer
	n, err := io.Copy(&file, io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("found more than %d bytes, unpacked", limit)
	}
	return file.Bytes(), err
}

// kind says what a file is that is no archive.
func kind(f io.ReaderAt) string {
	head := make([]byte, 8)
	n, _ := f.ReadAt(head, 0)
	switch head = head[:n]; {
	case hdf5.Is(head):
		return "an HDF5 file"
	case bytes.HasPrefix(head, []byte("PK")):
		return "an archive that is damaged or cut short"
	}
	return fmt.Sprintf("%q at offset 0", head)
}
