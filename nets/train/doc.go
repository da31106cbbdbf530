// Package train trains and evaluates models in Keras's words: [Fit] with
// callbacks, [Evaluate], and the optimizers [Adam], [SGD] and [RMSprop] as Keras
// computes them. It knows no file of a run: those are package run's.
//
// Fit owns the loop over epochs and batches and nothing else. The order of the
// rows is data's, the arithmetic graph's, weights are the model's, moments the
// optimizer's; whatever else happens during a run is a [Callback]. One seed
// explains a run: no clock and no global source of randomness has a say in
// what is computed.
//
// # Keras's callbacks
//
// Settings and defaults are Keras's, but for what the table below says.
//
//	BackupAndRestore      run.Checkpoint, and run.State to resume from
//	CSVLogger             run.CSVLogger
//	EarlyStopping         EarlyStopping, which restores the best weights
//	History               History; run.History writes it into a run's files
//	LambdaCallback        Hooks, embedded in a type with the methods that matter
//	LearningRateScheduler LearningRateSchedule, with a Schedule
//	ModelCheckpoint       run.ModelCheckpoint
//	ProgbarLogger         progress.On
//	ReduceLROnPlateau     ReduceLROnPlateau
//	TensorBoard           run.TensorBoard, for curves
//	SwapEMAWeights        Average, which has SWA too
//	TerminateOnNaN        none: Fit always ends at a loss that is not finite, with a DivergedError
//
// Callbacks are called in the order of Plan.Callbacks. A *Stop of one does not
// keep the others from being called, a failure does. Stopwatch comes first, then
// what changes the learning rate, then Average, then the others, and last
// run.Checkpoint, which saves the state of all of them.
//
// # Where they depart from Keras
//
// Monitored values are compared as in Keras: the delta is subtracted in float64
// and the result compared in float32, and a tie is no improvement. This table
// has all that differs from Keras 3.15 on purpose.
//
//	                      in Keras                                      here
//	what monitors         NaN, if it comes first, is the best for ever  what is not finite is never better, nor the best
//	                      a warning of an unknown metric or mode        an error, and no NaN among the settings
//	EarlyStopping         restores the best weights if told to          restores them unless KeepLast is set
//	                      however training has ended                    where it is over: not after a signal or Plan.Steps
//	ReduceLROnPlateau     cooldown=1 is none, 2 is 1 epoch, 3 is 2      Cooldown is the epochs that do not count
//	                      patience=0 is 1; factor=0 is the lowest rate  0 is the default of either, 10 and 0.1
//	                      a negative min_delta is its absolute value    is 0, as 0 is the default, 1e-4
//	                      the rate is a float32                         a float64
//	ModelCheckpoint       the model, or its weights as .weights.h5      the weights, as safetensors
//	                      TypeError at the best of every few steps      saves it, by the epoch's mean so far
//	LearningRateScheduler before each epoch                             before each step
//	CSVLogger             \r\n, and a float32 in a float64's digits     \n, and the shortest that restore the float64
//	                      learning_rate beside what changes it          always
//	TensorBoard           batch_loss is a mean over the epoch so far    the batch's own
//	                      graphs, histograms, images, profiles          none
//	SwapEMAWeights        the average begins as the weights of step 1   as the initial ones, with a decay that begins low
//	                      callbacks see the weights as trained          the average, at the ends of epochs
//	weight_decay          of every weight that is not excluded          of kernels alone: see nets.IsKernel
//	trainable=False       of all layers: trains nothing, with a warning is refused
//	RMSprop               centered, rounding can make a weight NaN      the variance is never below 0
//	TerminateOnNaN        ends after the update, and keeps the epoch    before the update, without the epoch
package train
