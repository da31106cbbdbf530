package run

import (
	"cmp"
	"image"
	"os"

	"stheno/data"
	"stheno/data/digit"
)

// Preparation is how pictures become the images that the run's network sees. A
// run from before this was a setting has none in its config.json: if it was
// trained on a folder of pictures they were only scaled, and so are others; if on
// IDX files of images of MNIST's shape, which say no more of themselves, pictures
// are prepared as MNIST's, as they were then, but for published files that are
// known to be others.
func (c Config) Preparation() digit.Preparation {
	switch {
	case c.Settings.Preparation != digit.Preparation{}:
		return c.Settings.Preparation
	case len(c.Data.Files) > 0 && (c.Data.Files[0].Name == data.TrainFolder || data.Published(c.Data.Files[0].SHA256) == data.FashionMNIST):
		return digit.Preparation{Method: digit.Raw}
	case c.Data.Image == [3]int{digit.Side, digit.Side, 1}:
		return digit.Preparation{Method: digit.MNIST}
	}
	return digit.Preparation{Method: digit.Raw}
}

// Row is a picture as the run's network wants it, (H,W,C) in bytes of which 255
// is 1: prepared as its training images were. Any image.Image will do; digit.Decode
// reads a stranger's file, within limits, and upright as EXIF says. ink is false for a blank picture, if the
// run prepares by ink: its image is black. What cannot be prepared is digit.ErrInput.
func (c Config) Row(picture image.Image) (pixels []uint8, ink bool, err error) {
	return digit.FromImage(picture).Row(c.Data.Image, c.Preparation())
}

// OpenData opens the run's data again, prepared as the run had them: in dir, or
// if that is empty where the run found them, or, if they are no longer there, in
// the folder as it was given. That they are the same still is the
// caller's to see, from Source.Files.
func (c Config) OpenData(dir string) (*data.Dataset, error) {
	if dir == "" && c.Settings.Data != "" {
		dir = cmp.Or(c.Data.Folder, c.Settings.Data)
		if _, err := os.Stat(dir); err != nil {
			dir = c.Settings.Data
		}
	}
	return data.OpenAs(dir, c.Preparation())
}
