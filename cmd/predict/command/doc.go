// Package command is cmd/predict: a run's network is asked about pictures,
// folders of them, or files of MNIST's kind.
//
// [Run] is the command as a function of its context, arguments and streams.
// What a picture goes through before the network sees it is data/digit's
// business; which run, which files and how the answers look is this package's.
package command
