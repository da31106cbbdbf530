// Package train trains and evaluates models in Keras's words: [Fit] with
// callbacks, [Evaluate], the [Adam] optimizer as Keras computes it, and the
// files of a run.
//
// Fit owns the loop over epochs and batches and nothing else. The order of the
// rows is data's, the arithmetic graph's, weights are the model's, moments the
// optimizer's; whatever else happens during a run is a [Callback]. One seed
// explains a run: no clock and no global source of randomness has a say in
// what is computed.
//
// # Keras's callbacks
//
// Settings and defaults are Keras's; each type says where it departs from them.
//
//	BackupAndRestore      Checkpoint, and State to go on with
//	CSVLogger             CSVLogger
//	EarlyStopping         EarlyStopping, which restores the best weights
//	History               History
//	LambdaCallback        Hooks, embedded in a type with the methods that matter
//	LearningRateScheduler LearningRateSchedule, with a Schedule
//	ModelCheckpoint       ModelCheckpoint
//	ReduceLROnPlateau     ReduceLROnPlateau
//	TensorBoard           TensorBoard, for curves
//	SwapEMAWeights        Average, which has SWA too
//	TerminateOnNaN        none: Fit always ends at a loss that is not finite, before the update, with a DivergedError
//
// Callbacks are called in the order of Plan.Callbacks. A *Stop of one does not
// keep the others from being called, a failure does. Stopwatch comes first, then
// what changes the learning rate, then Average, then the others, and last Checkpoint, which
// saves the state of all of them.
package train
