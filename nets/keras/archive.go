package keras

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"stheno/nets/hdf5"
)

// The files of an archive that are read, and how large they may be, unpacked.
const (
	metadataFile = "metadata.json"
	configFile   = "config.json"
	mostConfig   = 1 << 20
	weightsFile  = "model.weights.h5"
	mostWeights  = 2 << 30
)

// open reads an archive's directory.
func open(f io.ReaderAt, size int64) (*zip.Reader, error) {
	archive, err := zip.NewReader(f, size)
	if err != nil {
		return nil, fmt.Errorf("found %s, expected a zip archive, as Keras 3's model.save(\"model.keras\") writes: %w", kind(f), err)
	}
	return archive, nil
}

// checkVersion refuses a model of Keras 2, whose archives look alike. An archive
// need not say its version.
func checkVersion(archive *zip.Reader) error {
	text, err := unpack(archive, metadataFile, mostConfig)
	if err != nil {
		return nil
	}
	var metadata struct {
		Version string `json:"keras_version"`
	}
	if err := json.Unmarshal(text, &metadata); err != nil {
		return fmt.Errorf("%s: %w", metadataFile, err)
	}
	if major, _, _ := strings.Cut(metadata.Version, "."); major == "2" {
		return fmt.Errorf("%s: found the version %.40q, expected 3: load the model in Keras 3 and save it again", metadataFile, metadata.Version)
	}
	return nil
}

// unpack reads a file of at most limit bytes out of an archive.
func unpack(archive *zip.Reader, name string, limit int64) ([]byte, error) {
	var entry *zip.File
	for _, e := range archive.File {
		switch {
		case e.Name != name:
		case entry != nil:
			return nil, fmt.Errorf("found %s twice in the archive, expected it once", name)
		default:
			entry = e
		}
	}
	switch {
	case entry == nil:
		return nil, fmt.Errorf("found no %s in the archive of %d files, expected a model that Keras 3 has saved", name, len(archive.File))
	case entry.UncompressedSize64 > uint64(limit):
		return nil, fmt.Errorf("%s: found %d bytes, unpacked, expected at most %d", name, entry.UncompressedSize64, limit)
	}
	file, err := inflate(entry, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
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
