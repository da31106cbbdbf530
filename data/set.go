package data

import "stheno/data/digit"

// Set is a number of labelled images of one size, which Open reads and NewSet makes
// of arrays. It is read-only once built: any number of goroutines may take batches
// from it.
type Set struct {
	Pixels                  []uint8 // N·H·W·C, row-major
	Labels                  []uint8 // N
	Height, Width, Channels int
}

// Len returns N, the number of rows.
func (s *Set) Len() int { return len(s.Labels) }

// Shape returns the shape of one image, {H, W, C}.
func (s *Set) Shape() [3]int { return [3]int{s.Height, s.Width, s.Channels} }

// rowSize returns the number of values of one image.
func (s *Set) rowSize() int { return s.Height * s.Width * s.Channels }

// classes returns the largest label + 1.
func (s *Set) classes() int {
	n := 0
	for _, l := range s.Labels {
		n = max(n, int(l)+1)
	}
	return n
}

// Dataset is what a folder holds: two sets of one shape, and where they are from.
type Dataset struct {
	Train, Test *Set     // Test is nil for a folder of pictures without a test part
	Classes     int      // largest label of Train + 1; no label of Test reaches it
	Names       []string // of the classes; nil: they are called by their numbers
	Dir         string   // the folder that was read

	// Preparation is how the pictures of a folder have become these images; of IDX
	// files, whose images are made already, how a picture becomes one like them.
	Preparation digit.Preparation

	Files []File // the four files, in the order of the names at File, or train and test
}

// File is one of the files that a Dataset was read from.
type File struct {
	Name    string // train-images, train-labels, test-images or test-labels; train or test for a folder of pictures
	Path    string
	SHA256  string // of the file as it is stored, in lower-case hex; of all names and files of a folder of pictures
	Content string // the same of what a .gz file holds; empty for others, whose content is the file
}
