// Package progress shows a training run while it lasts: to a person at a
// terminal ([Bar]), to a log file ([Plain], [Line]) or to a program ([JSON]). Each is a
// train.Callback that only reads Stats and writes lines; what the numbers mean
// is the trainer's business. [On] chooses the one that suits an output, [New] the one
// that a flag asks for. In a group of processes it is a callback of rank 0 alone.
//
// The grammar is that of Keras 3, which general progress-bar libraries cannot
// write:
//
//	Epoch 1/5
//	469/469 ━━━━━━━━━━━━━━━━━━━━ 6s 11ms/step - accuracy: 0.8669 - loss: 0.4668 - val_accuracy: 0.9599 - val_loss: 0.1401
//
// Unlike Keras's, the bar never wraps, and nothing but a terminal is ever sent
// a carriage return or, unless colour is forced, an escape code.
//
// # Errors of writing
//
// A reader who goes away (a closed pipe, a full disk) must not cost a training
// run. So the callbacks always return nil: the first failed write silences the
// display, and Close returns its error for the caller to report or to ignore.
// Events.Emit returns it at once. For a closed pipe on the process's own stdout
// or stderr this holds only if the program ignores SIGPIPE (signal.Ignore),
// because Go otherwise ends it before the write can fail.
package progress
