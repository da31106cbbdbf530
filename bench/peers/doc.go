// Command peers times our training step and our predictions against other
// frameworks, in turns, on one machine and in one run.
//
//	go run ./bench/peers                                   # mlp and cnn, every peer that is installed
//	go run ./bench/peers -net resnet -predict=false        # any network that has a name
//	go run ./bench/peers -net cnn -peers torch -pairs 15   # what a claim should rest on
//	go run ./bench/peers -python ~/peers/bin/python3 -json peers.json
//
// -h shows every flag. No peer is needed to build or to test; one that is not
// installed has a line that begins with "missing" and says what to install.
//
// # What is timed
//
// A training step, the same for everybody: forward, mean softmax
// cross-entropy, backward, and Adam's update of every parameter, complete and
// with its loss in hand. The networks are those that have a name, in float32, with our
// initial weights, on MNIST in the files' order. Keras's peers read the network's
// config, as [stheno/nets.Network.MarshalJSON] writes it; PyTorch's makes its modules of
// that, and refuses a layer that it has none for.
// Ours is [stheno/nets/train.Fit] itself, from one BatchEnd to the next, and
// decodes uint8 pixels within the step; peers take the batch from a float32
// array in memory, which is a little less work.
//
// A prediction is the probabilities of images that are float32 in memory: of
// one image, as a latency, and of 256, as images a second. Ours is a program
// for nets.Prediction, and includes the copy into its Images. Peers are timed
// as they are used, from Python, whose calls cost ten microseconds and more in
// a prediction of one image, and nothing that matters in a training step.
//
// Each peer is a child process (python/NAME_peer.py) that takes the time of
// every step itself, so neither its start nor the pipe between us counts.
//
// # Who does the same
//
// Before the clock starts, the losses of the first two steps are held
// against ours, and the probabilities of the first prediction. A peer that
// differs by more than 0.01 %, or 0.001, does something else: it gets no ratio,
// and the command exits with 1. Those two steps drop nothing, as everybody draws
// other numbers for it; the steps that are timed do.
//
// # Each at its best
//
// Everybody has -threads threads: GOMAXPROCS here, and for a peer its own
// setting, OMP_NUM_THREADS and its like, and as many cores. Where a framework
// offers ways of which none is always the fastest, the peer tries them at its
// start and keeps the fastest, and the line under the table says which:
//
//   - torch: NCHW or channels-last memory; Adam as for-loop, foreach or, from
//     2.4 on, fused; the fastest of these also through torch.compile, where there is a
//     C++ compiler and compiling is not timed; for predictions also torch.jit.
//   - keras: layers, loss and Adam of Keras 3 in one tf.function on TensorFlow,
//     with or without XLA.
//   - jax: layers, loss and Adam of Keras 3 in one jitted step on JAX, with donated
//     buffers. XLA's convolutions on CPUs are known to be slow; a ratio for a network
//     with them says little of JAX elsewhere.
//   - onnxruntime: predictions of mlp and cnn only, with all its graph optimizations.
//
// # How to install the peers
//
// In a virtual environment, whose interpreter -python names:
//
//	python3 -m venv ~/peers
//	~/peers/bin/pip install torch keras tensorflow-cpu jax onnxruntime onnx
//
// or, on Debian, for PyTorch alone
//
//	apt-get install python3-torch libopenblas0-openmp
//
// whose PyTorch takes any BLAS that the system has. Without OpenBLAS an MLP step
// takes more than ten times as long. With libopenblas0-pthread, which Debian
// prefers where both are installed, OpenBLAS's threads and PyTorch's OpenMP
// threads take the cores from each other, which on two cores cost up to half of
// the speed. The line under the table names the BLAS.
//
// # How to read it
//
// A round is our turn and then the peer's, for each peer anew, with a pause of
// 100 ms after each turn in which everybody's threads go to sleep. There is a
// model of ours for each peer, so both are always at the same step of the same
// training. Steps are as many in both turns.
//
//   - best and median: of all steps of all rounds.
//   - peer's time/ours: above 1 we are faster, whatever the unit of the columns
//     before it. Of the best steps, of the medians, and as the median, least and
//     largest of the rounds' own ratios of medians.
//
// Memory is the most that a process had in it: of ours one that trains the network and
// does nothing else (-alone), which reads all images as bytes; of a peer's since it was
// ready, with the way to train that it had chosen, and all images in float32, 188 MB of
// MNIST.
//
// On a shared machine believe the round-by-round ratio if its range is narrow,
// and that of the best steps if it is not. The line "steal" says what share of
// the run the hypervisor gave to others. Let nothing else run: thread pools that
// spin, as OpenMP's do, lose most by it, and the ratio flatters us. "load" tells
// of the minute before. "environment" names variables that peers heed: one that
// switches off instructions makes a ratio worthless.
//
// bench/record keeps such an output: bench/record peers go run ./bench/peers
package main
