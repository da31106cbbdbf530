// Package run is a run on disk: a [Folder] that says what was trained, with which
// settings and on which data, how it went and what came of it; from which training
// is resumed, to the same bits, after any interruption; and whose network can be
// asked ever after:
//
//	loaded, err := run.Folder("runs/cnn").Load()
//	scores, ink, err := loaded.Predict(picture) // any image.Image
//
// Package train, below it, owns the loop and knows no file. What happens to a run's
// files while it trains is done by callbacks of that loop, which are here.
//
// # The files
//
//	config.json               NewConfig, a Config; ReadConfig               when the run begins: it makes a folder a run
//	history.csv, .json        History; ReadHistory                          replaced after each epoch
//	steps.csv                 StepLog; ReadSteps                            a row a step, appended
//	checkpoint/               Checkpoint; LoadState, a State                the two newest are kept
//	tensorboard/              TensorBoard                                   appended, where it is wanted
//	pretrain/                 PretrainDir: a run of its own, with embedding.json
//	model.safetensors, .onnx  WriteModel, WriteONNX; Load                   when training ends
//	report.html, *.svg        package report, above this one                after that
//	result.json               Outcome; ReadOutcome                          last: all else is complete where it stands
//
// # The life of a run
//
// [BeginFolder] makes the folder, with the checkpoint of step 0 and config.json, and
// locks it. Fit trains, with [StepLog], [History] and, behind all others, [Checkpoint]
// among its callbacks. Then come the model, the report and result.json. To resume is
// to [Folder.Lock] it, to LoadState, to Restore that into [Parts] made anew, and to
// Fit from State.Position. Any number of processes may read a run at any time.
//
// # A new file
//
// What is computed in the loop belongs to package train; what is made of a run that
// is there, to package report or a command. A file of a run has its name among the
// constants of folder.go, and a file of its own here with what writes it and what
// reads it back:
//
//   - One that is replaced goes through [Folder.WriteFile] or WriteJSON: it is whole or
//     not at all, whenever the machine stops, and never in a folder that has taken the
//     place of the run's. One that the trainer alone writes stands in trainersFiles.
//     Outcome is the shortest one, History one that follows training.
//   - One that grows is a logFile in a callback that is a [train.Stateful]: its size is
//     in the checkpoint, and a resume cuts off what was written since. StepLog is the
//     shortest one.
//   - A new setting is a field of Settings that is absent where it is off, so that runs
//     without it keep their bytes. ConfigFormat grows where a reader of the old form
//     could be misled.
//   - What is to be continued after an interruption is in the state of a callback, and
//     so in the checkpoint, not in a file beside it.
//
// A full disk does not end training: what cannot be written waits, and is told to
// Warn. What cannot be read is an error that names the file and what to do.
package run
