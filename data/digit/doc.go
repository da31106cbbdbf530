// Package digit turns photographs, scans and drawings into images like
// MNIST's.
//
// A network knows only what it was trained on, and MNIST's images were prepared:
// light ink on black, the longer side of the ink 20 pixels, its centre of mass
// on pixel (14,14) of 28 x 28. [Decode] reads a PNG, JPEG or GIF from anybody;
// [Picture.Normalize] finds the ink, whatever its colour, size and place, and
// prepares it in the same way. [Picture.Scale] is for networks of other images.
//
// Which of the two a network wants is part of what it was trained with: a
// [Preparation], by which [Picture.Row] makes of a picture what the network
// sees, in training and ever after.
//
// No bytes, however hostile, make it panic, hang, or take more memory than its
// [Limits] allow. The package knows no tensors and no networks.
package digit
