// Package live trains networks in the background, one after the other, for a
// page that shows them while they learn.
//
// Each training is a run of cmd/mlp or cmd/cnn, with a folder that -resume goes
// on with. Whoever predicts meanwhile has a snapshot of the weights, taken soon
// after the beginning and after each epoch, never the weights that training
// changes. Nobody has to look on: training goes on without a listener.
package live
