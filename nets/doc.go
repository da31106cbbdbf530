// Package nets describes networks as lists of layers and turns them into
// Gorgonia graphs that share one set of weights.
//
// A [Layer] is a struct of settings and one method, and may be made of others by
// [Builder.Layer]; a [Network] is a list of them; a [Model] is a network with
// weights; a [Program] is the model's graph for one phase (training, evaluation,
// prediction) and one batch size, compiled. All programs of a model borrow the
// same weights, without a copy. A [Predictor] asks a model about images, for any
// number of goroutines; [Scores.Top] of what it says are the likeliest classes.
//
// Layers are frozen, Keras's trainable=False, by [Network.Freeze]: training leaves
// their weights alone, and computes no gradient for them, nor anything backward below
// the lowest layer that is trained.
//
// A network is data: its JSON is Keras 3's own config of it, which the real Keras
// takes, and [ParseNetwork] reads what either has written, or refuses it by name.
// A layer of your own takes part once it is registered: see [Layer]. A network of
// your own gets a name for programs by [RegisterNetwork].
//
// Layouts and names are Keras's: images (N,H,W,C), convolution kernels
// (KH,KW,C,F), dense kernels (I,O), weights "conv2d.kernel", "conv2d.bias",
// "dense_1.kernel" and so on.
package nets
