package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"stheno/data/digit"
)

// The parts of a folder of pictures: train/CLASS/*.png and test/CLASS/*.png.
const (
	TrainFolder = "train"
	TestFolder  = "test"
)

// The bounds of a set, before its pixels are taken.
const (
	maxClasses = 256     // a label is a byte
	maxValues  = 1 << 32 // of all pictures together
)

// isPictures says whether dir has pictures by class for training.
func isPictures(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, TrainFolder))
	return err == nil && info.IsDir()
}

// loadPictures reads a folder of pictures, prepared as by says, or as they are.
// The classes are train's subfolders, sorted by name. Pictures as they are have
// one size, and one channel if all are grey, else three; their transparent parts
// are black.
//
// As the pictures of a class follow one another in a folder, the rows have an
// order of chance, always the same one for the same names: the last of them can
// be held out. Without a test part Test is nil.
func loadPictures(dir string, by digit.Preparation) (*Dataset, error) {
	if by.Method == "" {
		by.Method = digit.Raw
	}
	names, err := subfolders(filepath.Join(dir, TrainFolder))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
			return nil, fileError(filepath.Join(dir, TrainFolder), ErrFormat, "the folder %q names a class with characters that cannot be shown: rename it", name)
		}
	}
	switch {
	case len(names) < 2:
		return nil, fileError(filepath.Join(dir, TrainFolder), ErrFormat, "%d folders of classes found, expected at least 2: train/CLASS/*.png", len(names))
	case len(names) > maxClasses:
		return nil, fileError(filepath.Join(dir, TrainFolder), ErrFormat, "%d folders of classes found, expected at most %d", len(names), maxClasses)
	}
	d := &Dataset{Dir: dir, Classes: len(names), Names: names, Preparation: by}
	parts := map[string][]picture{}
	for _, part := range []string{TrainFolder, TestFolder} {
		if parts[part], err = findPictures(filepath.Join(dir, part), names); err != nil {
			return nil, err
		}
	}
	if len(parts[TrainFolder]) == 0 {
		return nil, fileError(filepath.Join(dir, TrainFolder), ErrFormat, "no picture found, expected train/CLASS/*.png")
	}
	for label, name := range names {
		if !slices.ContainsFunc(parts[TrainFolder], func(p picture) bool { return p.label == label }) {
			return nil, fileError(filepath.Join(dir, TrainFolder, name), ErrFormat, "no picture of this class found: put some there, *.png, or take the folder away")
		}
	}
	shape, err := shapeOf(slices.Concat(parts[TrainFolder], parts[TestFolder]), by)
	if err != nil {
		return nil, err
	}
	for _, part := range []string{TrainFolder, TestFolder} {
		if len(parts[part]) == 0 {
			continue
		}
		set, sum, err := readPictures(parts[part], shape, by)
		if err != nil {
			return nil, err
		}
		d.Files = append(d.Files, File{Name: part, Path: filepath.Join(dir, part), SHA256: sum})
		if part == TrainFolder {
			d.Train = set
		} else {
			d.Test = set
		}
	}
	return d, nil
}

// picture is a file and its class.
type picture struct {
	path, name string // name is CLASS/FILE
	label      int
}

// subfolders are the names of a folder's folders, and of links to such, but for
// hidden ones, sorted.
func subfolders(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, systemError(dir, err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && isFolder(dir, e) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// isFolder says whether a folder's entry is a folder or a link to one.
func isFolder(dir string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := os.Stat(filepath.Join(dir, e.Name()))
	return err == nil && info.IsDir()
}

// unread are the endings of pictures that are not read from folders of classes.
var unread = []string{".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff"}

// findPictures lists a part's pictures in their order. A folder whose name is no
// class is refused, and what would be left out without a word: pictures of other
// formats and folders within a class. A part that is not there has none.
func findPictures(dir string, classes []string) ([]picture, error) {
	names, err := subfolders(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []picture
	for _, class := range names {
		label := slices.Index(classes, class)
		if label < 0 {
			return nil, fileError(filepath.Join(dir, class), ErrFormat, "is no class of the training pictures, which are %s", strings.Join(classes, ", "))
		}
		entries, err := os.ReadDir(filepath.Join(dir, class))
		if err != nil {
			return nil, systemError(filepath.Join(dir, class), err)
		}
		for _, e := range entries {
			path := filepath.Join(dir, class, e.Name())
			switch ending := strings.ToLower(filepath.Ext(e.Name())); {
			case strings.HasPrefix(e.Name(), "."):
			case isFolder(filepath.Join(dir, class), e):
				return nil, fileError(path, ErrFormat, "is a folder within a class, expected pictures: move them up to %s", filepath.Join(dir, class))
			case slices.Contains(unread, ending):
				return nil, fileError(path, ErrFormat, "is a %s picture, and only .png ones are trained and tested on: convert it, or move it away", ending)
			case ending == ".png":
				list = append(list, picture{path: path, name: class + "/" + e.Name(), label: label})
			}
		}
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list, nil
}

// shapeOf reads the pictures' heads, and says which shape holds them all as they
// are prepared.
func shapeOf(list []picture, by digit.Preparation) (shape [3]int, err error) {
	fixed := by.Method == digit.MNIST
	shape[2] = 1
	for i, p := range list {
		c, err := p.head()
		switch {
		case err != nil:
			return shape, err
		case c.Width > maxSide || c.Height > maxSide:
			return shape, fileError(p.path, ErrFormat, "has %d x %d pixels, expected at most %d a side", c.Height, c.Width, maxSide)
		case i == 0:
			shape[0], shape[1] = c.Height, c.Width
		case !fixed && (c.Height != shape[0] || c.Width != shape[1]):
			return shape, fileError(p.path, ErrFormat, "has %d x %d pixels, expected %d x %d as in %s: scale all pictures to one size", c.Height, c.Width, shape[0], shape[1], list[0].path)
		}
		if c.ColorModel != color.GrayModel && c.ColorModel != color.Gray16Model {
			shape[2] = 3
		}
	}
	if fixed {
		shape = [3]int{digit.Side, digit.Side, 1}
	}
	if values := int64(len(list)) * int64(shape[0]*shape[1]*shape[2]); values > maxValues {
		return shape, fileError(filepath.Dir(list[0].path), ErrFormat, "the pictures have %d values together, expected at most %d", values, int64(maxValues))
	}
	return shape, nil
}

func (p picture) head() (image.Config, error) {
	f, err := os.Open(p.path)
	if err != nil {
		return image.Config{}, systemError(p.path, err)
	}
	defer f.Close()
	c, err := png.DecodeConfig(f)
	if err != nil {
		return c, fileError(p.path, ErrFormat, "is no PNG picture: %v", err)
	}
	return c, nil
}

// readPictures reads the pictures, and sums up their names and bytes.
func readPictures(list []picture, shape [3]int, by digit.Preparation) (*Set, string, error) {
	s := &Set{Height: shape[0], Width: shape[1], Channels: shape[2]}
	size := s.rowSize()
	s.Pixels, s.Labels = make([]uint8, len(list)*size), make([]uint8, len(list))
	sum := sha256.New()
	for i, p := range list {
		content, err := os.ReadFile(p.path)
		if err != nil {
			return nil, "", systemError(p.path, err)
		}
		fmt.Fprintf(sum, "%s\n%d\n", p.name, len(content))
		sum.Write(content)
		row, err := p.decode(bytes.NewReader(content), shape, by)
		if err != nil {
			return nil, "", err
		}
		copy(s.Pixels[i*size:], row)
		s.Labels[i] = uint8(p.label)
	}
	return s, hex.EncodeToString(sum.Sum(nil)), nil
}

// decode reads the picture as a row of the shape (H,W,C).
func (p picture) decode(r io.Reader, shape [3]int, by digit.Preparation) ([]uint8, error) {
	img, err := png.Decode(r)
	if err != nil {
		return nil, fileError(p.path, ErrFormat, "is no PNG picture: %v", err)
	}
	if b := img.Bounds(); by.Method == digit.Raw && (b.Dy() != shape[0] || b.Dx() != shape[1]) {
		return nil, fileError(p.path, ErrFormat, "has changed while it was read")
	}
	row, ink, err := digit.FromImage(img).Row(shape, by)
	switch {
	case err != nil:
		return nil, fileError(p.path, ErrFormat, "%s", strings.TrimPrefix(err.Error(), "digit: "))
	case !ink:
		return nil, fileError(p.path, ErrFormat, "no ink is found in it")
	}
	return row, nil
}

// Split takes the last part of the training rows away from Train, in their
// order, and returns them as a set of their own: as Keras's validation_split
// does. Both have at least one row.
func (d *Dataset) Split(part float64) (*Set, error) {
	if err := d.Train.Check(); err != nil {
		return nil, err
	}
	n := d.Train.Len()
	first := int(float64(n) * (1 - part))
	if !(part > 0 && part < 1) || first < 1 || first >= n {
		return nil, fmt.Errorf("data: a part of %v of %d training images leaves one side without any", part, n)
	}
	size := d.Train.rowSize()
	cut := func(from, to int) *Set {
		s := *d.Train
		s.Pixels, s.Labels = d.Train.Pixels[from*size:to*size:to*size], d.Train.Labels[from:to:to]
		return &s
	}
	held := cut(first, n)
	d.Train = cut(0, first)
	return held, nil
}
