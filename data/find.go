package data

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The four logical names, in the order of Dataset.Files.
var fileNames = [4]string{"train-images", "train-labels", "test-images", "test-labels"}

// namePattern is the grammar of the files' names: a prefix, which all four
// share, MNIST's or EMNIST's word for the set, what it holds, and the format,
// after a dash or (as some archives have it) a dot.
var namePattern = regexp.MustCompile(`^(|.*[-_.])(train|t10k|test)-(images[-.]idx[34]|labels[-.]idx1)-ubyte(\.gz)?$`)

// layout says what findFiles looked for.
const layout = "{train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz]"

// group is the candidates of one prefix: logical name -> names in the folder.
type group map[string][]string

// missing returns the logical names without a candidate.
func (g group) missing() []string {
	return slices.DeleteFunc(slices.Clone(fileNames[:]), func(name string) bool { return len(g[name]) > 0 })
}

// findFiles returns the paths of dir's four files, in the order of fileNames.
// Exactly one prefix must have all four, and one candidate for each: a folder
// that leaves a choice is refused.
func findFiles(dir string) ([4]string, error) {
	groups, err := readNames(dir)
	if err != nil {
		return [4]string{}, err
	}
	var complete []string
	for _, prefix := range slices.Sorted(maps.Keys(groups)) {
		if len(groups[prefix].missing()) == 0 {
			complete = append(complete, prefix)
		}
	}
	switch len(complete) {
	case 0:
		return [4]string{}, incomplete(dir, groups)
	case 1:
		return pick(dir, groups[complete[0]])
	}
	return [4]string{}, fileError(dir, ErrAmbiguous, "%d sets of files found, with the prefixes %q; give one of them a folder of its own", len(complete), complete)
}

// readNames sorts the names in dir by prefix and logical name. Hidden files are
// left out: macOS writes a ._NAME beside each NAME.
func readNames(dir string) (map[string]group, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		e := systemError(dir, err)
		if os.IsNotExist(err) {
			e.Text, e.Err = "no such folder", ErrNotFound
		}
		return nil, e
	}
	groups := map[string]group{}
	for _, entry := range entries {
		m := namePattern.FindStringSubmatch(entry.Name())
		if m == nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		if groups[m[1]] == nil {
			groups[m[1]] = group{}
		}
		name := strings.Replace(m[2], "t10k", "test", 1) + "-" + m[3][:len("images")]
		groups[m[1]][name] = append(groups[m[1]][name], entry.Name())
	}
	return groups, nil
}

// pick chooses one candidate for each logical name. NAME and NAME.gz beside each
// other, as torchvision leaves them, are one file twice, and the one with a
// checksum is read; any other pair is a choice that the user must make.
func pick(dir string, g group) (paths [4]string, err error) {
	for i, name := range fileNames {
		c := g[name] // in the order of ReadDir, which is sorted: NAME before NAME.gz
		if len(c) == 2 && c[1] == c[0]+".gz" {
			c = c[1:]
		}
		if len(c) > 1 {
			return paths, fileError(dir, ErrAmbiguous, "%d candidates for %s found: %q; remove all but one", len(c), name, c)
		}
		paths[i] = filepath.Join(dir, c[0])
	}
	return paths, nil
}

// incomplete says what the fullest of the groups lacks.
func incomplete(dir string, groups map[string]group) error {
	best, lacks := "", fileNames[:]
	for _, prefix := range slices.Sorted(maps.Keys(groups)) {
		if m := groups[prefix].missing(); len(m) < len(lacks) {
			best, lacks = prefix, m
		}
	}
	if len(lacks) == len(fileNames) {
		return fileError(dir, ErrNotFound, "no MNIST files found, expected %s, or pictures as train/CLASS/*.png", layout)
	}
	with := ""
	if best != "" {
		with = fmt.Sprintf(" with the prefix %q", best)
	}
	return fileError(dir, ErrNotFound, "no %s file%s found, expected all of %s", strings.Join(lacks, ", "), with, layout)
}
