package data

import (
	"path/filepath"
	"strings"
)

// IsImages says whether a file has the name of an IDX file of images, by the
// rules of Open.
func IsImages(path string) bool {
	m := namePattern.FindStringSubmatch(filepath.Base(path))
	return m != nil && strings.HasPrefix(m[3], "images")
}

// HasFiles says whether a folder has a file with a name of Open's.
func HasFiles(dir string) bool {
	groups, err := readNames(dir)
	return err == nil && len(groups) > 0
}

// OpenImages reads one IDX file of images, plain or gzipped, and its labels: the
// file of the same name, but for images and 3 or 4, beside it. Errors are those
// of Open.
func OpenImages(path string) (*Set, error) {
	if !IsImages(path) {
		return nil, fileError(path, ErrNotFound, "the name is none of an image file, expected {train,t10k}-images-idx3-ubyte[.gz]")
	}
	image, err := readFile(path, images, "")
	if err != nil {
		return nil, err
	}
	beside, err := labelsBeside(path)
	if err != nil {
		return nil, err
	}
	label, err := readFile(beside, labels, "")
	if err != nil {
		return nil, err
	}
	return join(image, label)
}

// labelsBeside is the label file of an image file. Of NAME and NAME.gz it is
// the one that is stored as the images are.
func labelsBeside(path string) (string, error) {
	dir, name := filepath.Split(path)
	groups, err := readNames(filepath.Clean(filepath.Join(dir, ".")))
	if err != nil {
		return "", err
	}
	m := namePattern.FindStringSubmatch(name)
	found := groups[m[1]][strings.Replace(m[2], "t10k", "test", 1)+"-labels"]
	for _, candidate := range found {
		if len(found) == 1 || strings.HasSuffix(candidate, ".gz") == (m[4] != "") && strings.Contains(candidate, m[2]) {
			return filepath.Join(dir, candidate), nil
		}
	}
	return "", fileError(path, ErrNotFound, "no labels beside it, expected %s%s-labels-idx1-ubyte%s", m[1], m[2], m[4])
}
