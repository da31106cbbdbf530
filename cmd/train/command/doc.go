// Package cli is what the commands are made of: flags, the life of a run, and
// what it says to a person or a program; cmd/mlp and cmd/cnn share it. [Export]
// is all of cmd/export.
//
// [Train] is the command as a function of its context, arguments and streams;
// tests run it in-process. [Main] is the process around it: signals and the
// exit code.
package command
