// Package data turns folders of MNIST's kind, and images in memory, into batches.
//
// It finds the files, reads them once and strictly, keeps the pixels as the
// bytes that they are, and hands out batches of row numbers; [Decode] gathers a
// batch straight into the memory that the caller lends, which in training is
// the memory bound to a graph's inputs. Three promises:
//
//   - [Open] is the door. It refuses everything that can be wrong with a file,
//     in one line that names the file, the offset, what was found and what was
//     expected; so does [NewSet] with images that are in memory. Behind them
//     nothing is left to refuse: the loop only panics, and only on a caller's bug.
//   - No bytes, however hostile, make it panic, hang, or take more memory than
//     a small multiple of what has really arrived.
//   - One random source explains the order of the rows; a nil one is the order
//     of the file.
//
// The package knows no tensors and no networks; nets/train joins it to them.
// Layouts are Keras's: images are (N,H,W,C), row-major.
package data
