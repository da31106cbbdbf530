package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"stheno/data"
	"stheno/nets"
)

// stdinName is the input that is no path.
const stdinName = "-"

// extensions are those of the pictures that a folder is searched for.
var extensions = []string{".png", ".jpg", ".jpeg", ".gif"}

// input asks about an argument of the command line. What is wrong with it is
// told; the error is that of a stdout that nobody reads, or of the network.
func (e *examiner) input(ctx context.Context, path string) error {
	if path == stdinName {
		_, _, err := e.picture("stdin", e.stdin, -1)
		return err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return e.out.failure(path, err)
	case info.IsDir() && data.HasFiles(path):
		set, err := data.Open(path)
		if err != nil {
			return e.out.failure("", err)
		}
		return e.set(ctx, path, set.Test)
	case info.IsDir():
		return e.dir(ctx, e.part(path))
	case data.IsImages(path):
		set, err := data.OpenImages(path)
		if err != nil {
			return e.out.failure("", err)
		}
		return e.set(ctx, path, set)
	}
	_, _, err = e.file(path, -1)
	return err
}

// part is the folder of pictures to be looked at: of one that -data took, test, or
// train where there is no test.
func (e *examiner) part(dir string) string {
	for _, part := range []string{data.TestFolder, data.TrainFolder} {
		inside := filepath.Join(dir, part)
		entries, err := os.ReadDir(inside)
		if err != nil || !slices.ContainsFunc(entries, func(entry fs.DirEntry) bool { return entry.Name()[0] != '.' && isFolder(inside, entry) }) {
			continue // pictures alone are those of a class of this name
		}
		if part == data.TrainFolder {
			e.out.note("%s has no test pictures: those in %s are looked at, which the run may have been trained on", printable(dir), printable(inside))
		} else {
			e.out.note("%s has pictures to train and to test on: those in %s are looked at", printable(dir), printable(inside))
		}
		return inside
	}
	return dir
}

// file asks about a picture's file.
func (e *examiner) file(path string, label int) (class int, ok bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, false, e.out.failure(path, err)
	}
	defer f.Close()
	return e.picture(path, f, label)
}

// dir asks about a folder's pictures, and examines its subfolders of classes.
func (e *examiner) dir(ctx context.Context, path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return e.out.failure(path, err)
	}
	result, found := newConfusion(e.classes), false
	for _, entry := range entries {
		name := filepath.Join(path, entry.Name())
		if isPicture(path, entry) {
			found = true
			if _, _, err := e.file(name, -1); err != nil {
				return err
			}
		}
		if isFolder(path, entry) {
			any, err := e.class(ctx, name, result)
			if err != nil {
				return err
			}
			found = found || any
		}
		if ctx.Err() != nil {
			return nil
		}
	}
	if !found {
		return e.out.failure(path, fmt.Errorf("holds no pictures (%s), no folders of them named 0, 1, 2, ... and no IDX files", strings.Join(extensions, ", ")))
	}
	if result.images() == 0 {
		return nil
	}
	return e.out.evaluation(path, result, e.by.Method)
}

// class examines the pictures of a folder that is named after their class.
func (e *examiner) class(ctx context.Context, dir string, result *confusion) (found bool, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return true, e.out.failure(dir, err)
	}
	entries = slices.DeleteFunc(entries, func(entry fs.DirEntry) bool { return !isPicture(dir, entry) })
	if len(entries) == 0 {
		return false, nil
	}
	label, err := e.label(filepath.Base(dir))
	if err != nil {
		return true, e.out.failure(dir, err)
	}
	for _, entry := range entries {
		class, ok, err := e.file(filepath.Join(dir, entry.Name()), label)
		if err != nil {
			return true, err
		}
		if ok {
			result.add(label, class)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return true, nil
}

func isPicture(dir string, entry fs.DirEntry) bool {
	name := entry.Name()
	return name[0] != '.' && slices.Contains(extensions, strings.ToLower(filepath.Ext(name))) && !isFolder(dir, entry)
}

// isFolder says whether a folder's entry is a folder or a link to one.
func isFolder(dir string, entry fs.DirEntry) bool {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.IsDir()
	}
	info, err := os.Stat(filepath.Join(dir, entry.Name()))
	return err == nil && info.IsDir()
}

// set examines rows as they are, without any preparation.
func (e *examiner) set(ctx context.Context, path string, set *data.Set) error {
	network := e.predictor.Network()
	if set.Shape() != network.Input {
		return e.out.failure(path, fmt.Errorf("has images of %s, the network of %s takes %s", shape(set.Shape()), e.folder, shape(network.Input)))
	}
	labels, err := e.labels(set)
	if err != nil {
		return e.out.failure(path, err)
	}
	const batch = 256
	result := newConfusion(e.classes)
	for b := range set.Batches(batch, nil) {
		if ctx.Err() != nil {
			return nil
		}
		probabilities, err := e.predict(b)
		if err != nil {
			return err
		}
		for i := range b.Rows {
			_, label := b.Row(i)
			result.add(labels[label], nets.Likeliest(probabilities[i*e.classes:(i+1)*e.classes], 1)[0].Class)
		}
	}
	return e.out.evaluation(path, result, "")
}

// label is the number that the run has for a class.
func (e *examiner) label(name string) (int, error) {
	var known []string
	for label := range e.classes {
		if e.out.source.Class(label) == name {
			return label, nil
		}
		known = append(known, e.out.source.Class(label))
	}
	if len(known) > 12 {
		known = append(known[:10], "...", known[len(known)-1])
	}
	return 0, fmt.Errorf("%q is no class of %s, whose classes are %s", name, e.folder, strings.Join(known, ", "))
}

// labels are the numbers that the run has for the labels of a set, whose classes
// are called by their numbers.
func (e *examiner) labels(set *data.Set) (map[int]int, error) {
	labels := map[int]int{}
	for _, l := range set.Labels {
		if _, ok := labels[int(l)]; ok {
			continue
		}
		label, err := e.label(strconv.Itoa(int(l)))
		if err != nil {
			return nil, fmt.Errorf("the label %w", err)
		}
		labels[int(l)] = label
	}
	return labels, nil
}

func shape(s [3]int) string { return fmt.Sprintf("%d x %d x %d", s[0], s[1], s[2]) }

// cause is an error without the path that its line names already, nor the names
// of packages.
func cause(err error) string {
	if onPath := (*fs.PathError)(nil); errors.As(err, &onPath) {
		return onPath.Err.Error()
	}
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "digit: "), "data: ")
}
