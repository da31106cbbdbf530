// Package filekind says what a file of weights is by its first bytes: one of the
// two kinds that are read, or one of the many that people have at hand, and then
// what to do about it.
//
// Promise. Nothing of a file is believed or run, and little of it is read: its
// first bytes, the names in a zip archive, the names at the top of an HDF5 file.
package filekind

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"stheno/nets/hdf5"
)

// Kind is a kind of file that is read.
type Kind int

// The kinds.
const (
	Safetensors Kind = iota // or what no other is: its reader says what is wrong
	Keras                   // model.keras, a zip archive
)

// head is how many bytes of a file are looked at.
const head = 512

// Of is the kind of the file at a path. A file or folder that is known to be of
// another kind is an error in one line: what it is, and how to come by one that
// can be read. A file that cannot be opened is left to the reader, which says why.
func Of(name string) (Kind, error) {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return 0, folder(name)
	case err != nil || !info.Mode().IsRegular(): // a pipe without a writer would block the opening
		return byName(name), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return byName(name), nil
	}
	defer f.Close()
	kind, err := of(f, info.Size(), name)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return kind, err
}

func byName(name string) Kind {
	if filepath.Ext(name) == ".keras" {
		return Keras
	}
	return Safetensors
}

func of(f io.ReaderAt, size int64, name string) (Kind, error) {
	start := make([]byte, head)
	n, err := f.ReadAt(start, 0)
	if err != nil && err != io.EOF {
		return byName(name), nil
	}
	start = start[:n]
	switch {
	case n == 0:
		return 0, errors.New("is empty: a file of 0 bytes; copy or download it again")
	case isSafetensors(start):
		return Safetensors, nil
	case hdf5.Is(start):
		return 0, ofHDF5(f, size)
	case hasPrefix(start, "PK\x03\x04"):
		return ofArchive(f, size)
	}
	for _, s := range signatures {
		if s.is(start) {
			return 0, errors.New("is " + s.what)
		}
	}
	if byName(name) == Safetensors && n >= 8 && [4]byte(start[4:8]) != [4]byte{} { // the length of a header above 4 GiB
		return 0, fmt.Errorf("begins with %q, as no file of weights does that can be read: name one of safetensors, or a model.keras", start[:8])
	}
	return byName(name), nil
}

// isSafetensors knows a header of JSON behind its length, which no other kind's
// first bytes can be.
func isSafetensors(start []byte) bool {
	return len(start) > 8 && start[8] == '{' && [4]byte(start[4:8]) == [4]byte{}
}

// ofArchive tells Keras's archives from PyTorch's and NumPy's. A damaged one is
// left to Keras's reader.
func ofArchive(f io.ReaderAt, size int64) (Kind, error) {
	archive, err := zip.NewReader(f, size)
	if err != nil {
		return Keras, nil
	}
	for _, entry := range archive.File {
		switch {
		case entry.Name == "config.json" || entry.Name == "model.weights.h5":
			return Keras, nil
		case path.Base(entry.Name) == "data.pkl":
			return 0, errors.New("is " + pyTorch)
		case strings.HasSuffix(entry.Name, ".npy"):
			return 0, errors.New("is " + numPy)
		case path.Base(entry.Name) == "saved_model.pb":
			return 0, errors.New("is an archive of " + savedModel)
		case path.Ext(entry.Name) == ".safetensors" || path.Ext(entry.Name) == ".keras" || path.Base(entry.Name) == "model.weights.h5":
			return 0, fmt.Errorf("is a zip archive with %.100q in it: unpack it, and name what it had", entry.Name)
		}
	}
	return Keras, nil
}

// ofHDF5 tells whole models from weights alone.
func ofHDF5(f io.ReaderAt, size int64) error {
	const most = 1 << 28
	file := make([]byte, min(size, most))
	if _, err := f.ReadAt(file, 0); err == nil {
		if names, err := hdf5.Top(file); err == nil {
			for _, name := range names {
				if name == "model_weights" {
					return errors.New(`is Keras's older .h5 file: save the model anew with keras.models.load_model("model.h5").save("model.keras")`)
				}
			}
		}
	}
	return errors.New(`is an HDF5 file, such as Keras's .weights.h5, which has weights without their layers: load it into the model with model.load_weights and save all with model.save("model.keras")`)
}

// foreign says what a folder of another framework is, and what to do; nil of
// other folders.
func foreign(name string) error {
	switch {
	case has(name, "config.json") && has(name, "model.weights.h5"):
		return fmt.Errorf("%s: is an unzipped Keras model: zip its files into one: cd %[1]s && zip model.keras config.json metadata.json model.weights.h5", name)
	case has(name, "saved_model.pb"):
		return fmt.Errorf("%s: is a folder with %s", name, savedModel)
	}
	return nil
}

// NotRun says what a path is that was given for a run's folder, as far as that is
// known: a file, or a folder of another framework.
func NotRun(name string) error {
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
		return foreign(name)
	}
	if _, err := Of(name); err != nil {
		return err
	}
	return fmt.Errorf("%s: is a file, expected the folder of a run: a file of weights is for -init, which begins a run with it, and for export", name)
}

// folder says what a folder is that was given for a file.
func folder(name string) error {
	if err := foreign(name); err != nil {
		return err
	}
	if has(name, "model.safetensors") {
		return fmt.Errorf("%s: is a folder: name the file in it, %s", name, filepath.Join(name, "model.safetensors"))
	}
	return fmt.Errorf("%s: is a folder: name a file of weights, safetensors or model.keras", name)
}

func has(folder, file string) bool {
	_, err := os.Stat(filepath.Join(folder, file))
	return err == nil
}
