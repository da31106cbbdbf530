// Package bench times training, and holds the arrows between the packages.
//
//	go test -bench . ./bench                              # all of it
//	go test -bench 'Step/net=mlp' -count 10 ./bench       # what benchstat can judge
//	go test -bench . -benchtime 1x -short ./bench         # once, without what takes long
//
// Every figure is of [stheno/nets/train.Fit] itself, on the real MNIST, with a
// shuffled order: a step is what Fit does between two calls of BatchEnd, from
// the gathering of uint8 pixels to Adam's update. Models are compiled, and
// their first steps done, before the clock starts.
//
//   - Step is one training step at batch 128.
//   - Epoch is a whole one: 469 steps, the last of 96 images, and the evaluation
//     of the test images.
//   - Scale is a step at batch sizes from 1 to 4096, on one thread and on all.
//   - Save is what a checkpoint adds to an epoch: rounds of steps with one and
//     without are done in turns, on a real disk.
//   - Ops is a step in parts: each op's best time, decoding and the optimizer.
//   - StockNode is what a layer of Gorgonia's own nodes adds to a step.
//   - Kernel is each kernel of a step by itself, in the shapes that it has there.
//   - Portable is the portable path beside the plain loops, in shapes where either
//     might win.
//   - Cost runs the networks in turns in one process, one CNN step and ten MLP
//     steps a round, so that a busy machine slows both, and says how many MLP
//     epochs a CNN epoch costs. An epoch of either is the same steps over the
//     same images, so that is also what a step costs in steps.
//
// Names are key=value, for benchstat -col /impl. The values of impl:
//
//   - auto is what the commands use: fused ops, and the kernels that the line
//     "kernels:" names.
//   - direct is auto, but for convolutions, which are computed as they stand.
//   - dense is auto, but for pixels, of which none is zero: nothing is skipped.
//   - avx512, avx2, portable and generic are fused ops on these kernels, as far as
//     the machine has them; generic are plain loops.
//   - stock is the plain twin in Gorgonia's own nodes, graph.Stock.
//
// The figures, beside Go's ns/op (which is a whole step, epoch or round):
//
//   - samples/s: training images a second; ms/step: the mean training step.
//     Of an epoch both are without its evaluation, s/epoch is with it. Cost
//     gives them for each network, and of the medians of its steps.
//   - GFLOP/s: floating-point operations of the plain algorithm (see nets's
//     Model.FLOPs) by the time they took. An algorithm that needs fewer
//     may exceed the machine's peak.
//   - best-ms/step, best-ms: the fastest step or call, which other processes
//     disturb least.
//   - %floor, %peak: how much of what the machine can do at most, as fused
//     multiply-adds in registers, measured right before and after; %peak counts the
//     operations of the plain algorithm, %floor those that no dense algorithm of
//     ours can save (see attainable in flop_test.go). Both are of the best time.
//     Zeros that are skipped count as if they had been multiplied: with MNIST's
//     pixels, four fifths of them zeros, both may pass 100.
//   - %zeros: the share of a product's left operand that is zero. Kernels named
//     blank have MNIST's pixels there, the others no zeros.
//   - ms/save: the time by which steps grow by a checkpoint that is written beside
//     them, as the median of all rounds; best-ms/save: the fastest round with one
//     less the fastest without; copy-ms/save: how long training stands still for it;
//     %epoch: ms/save by the time of an epoch's 469 steps.
//   - GB/s: bytes read and written, where operations do not count.
//   - cnn/mlp: the cost in time, as the median of all rounds; cnn/mlp-best: the
//     fastest CNN step by the fastest ten MLP steps, which other processes
//     disturb least; cnn/mlp-flop and cnn/mlp-params: in operations and in
//     parameters, which no machine changes.
//   - B/op and allocs/op: what a step leaves to the garbage collector.
//
// A single run on a shared machine says little: take ten, and compare with
// benchstat. Lines of the form "key: value" above the figures say what they
// were measured with; benchstat keeps them apart by it. Raw outputs are kept
// in results. README.md is about where the time goes; the command in peers times
// other frameworks beside us.
package bench
