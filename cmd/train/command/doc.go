// Package command is what cmd/train, cmd/mlp and cmd/cnn are made of, and a training
// program of one's own: flags, the life of a run, and what it says to a person or a
// program.
//
//	func main() {
//		os.Exit(command.Main(command.Program{Name: "lenet", About: "LeNet-5", Network: layers.LeNet}))
//	}
//
// has all flags, the bar, a run's folder, resume, report and ONNX. The run's folder
// holds the network, so that all other commands take it; of layers of one's own they
// have to import the package: see nets.Register.
//
//	flags.go, recipe.go    the command line
//	program.go             which network is trained
//	train.go, job.go       a run from its beginning; pretrain.go what goes before it
//	resume.go              a run that is resumed
//	ending.go, events.go   what is said at the end, and to programs
//	ranks.go               processes that train together
//	memory.go              what does not fit into memory is refused
//	main.go                the process: signals and the exit code
//	watched.go             a run within another program
//
// [Train] is the command as a function of its context, arguments and streams;
// tests run it in-process. [Main] is the process around it.
package command
