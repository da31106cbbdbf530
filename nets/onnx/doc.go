// Package onnx writes models as ONNX files, which other runtimes run.
//
// The file computes what prediction computes here:
//
//	image (N,H,W,C), values from 0 to 1 -> logits (N,classes), probabilities (N,classes)
//
// all of them float32, N any number. It is opset 13 in IR version 7, which is
// old enough for every runtime in use, and it needs nothing of the newer ones:
// ops of opset 13 alone, and what is not among them, such as LayerNormalization, is
// written in those that are.
//
// ONNX convolves channels first. So images are transposed once, before the first
// convolution, and the kernels at export (H,W,I,O to O,I,H,W). Nothing is
// transposed back: Flatten gives C,H,W order, and the rows of the kernel of the
// dense layer behind it are put into that order at export. A Transpose before
// Flatten would be right too, but is one more pass over the CNN's 36,864 values
// an image in every runtime; in onnxruntime the two take the same time within
// the noise (batches of 1, 32 and 256 on two cores).
//
// The layers of package nets have a file each, or a family of them: it makes known by
// writes how they are written. A layer of one's own is a [Layer]: it adds its nodes to a [Graph], in the layout
// that it asks for. A layer that is made of others by nets.Builder.Layer, and of
// nothing else, needs no method, and neither does one that is nothing in prediction.
package onnx
