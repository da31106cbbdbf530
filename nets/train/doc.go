// Package train trains and evaluates models in Keras's words: [Fit] with
// callbacks, [Evaluate], the [Adam] optimizer as Keras computes it, and the
// files of a run.
//
// Fit owns the loop over epochs and batches and nothing else. The order of the
// rows is data's, the arithmetic graph's, weights are the model's, moments the
// optimizer's; whatever else happens during a run is a [Callback]. One seed
// explains a run: no clock and no global source of randomness has a say in
// what is computed.
package train
