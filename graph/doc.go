// Package graph gives Gorgonia fused, fast operations and a machine that runs
// a graph batch after batch.
//
// An operation is an [Op]: four methods that say its name, its shapes, its
// loop and its gradient. [Apply] puts one into any gorgonia.ExprGraph, beside
// stock nodes, and gorgonia.Grad differentiates through it: one adapter (adapter.go)
// speaks Gorgonia's side of the contract for all of them. Each op is one file;
// its arithmetic is a kernel of package graph/kernel, its plain twin of stock
// nodes stands in stock.go.
//
// # What users of Gorgonia may count on
//
// The value of an input or a weight is what [Machine.Run] reads: gorgonia.Let works
// before the first run and between runs. What does not fit (another shape or
// element type, a tensor that does not lie in memory row by row) is an error. [Grad]
// refuses a second loss over shared nodes, and gives every gradient memory of its
// own, so that Gorgonia's solvers may step on them; which of those are sound stands
// at nets.Program.Gradients. On Gorgonia's machine every node keeps its own value,
// and no run writes into a weight. [Build]'s phase is that of Gorgonia's Dropout and
// BatchNorm. A LispMachine runs our ops forward, and refuses to differentiate them.
//
// A graph with a stock node in it runs on Gorgonia's TapeMachine, all of it. That costs
// 0.1 to 0.2 ms a run; what the stock nodes themselves compute, in plain loops and new
// memory at each run, costs more (BenchmarkStockNode of package bench).
//
// # What to use instead
//
// Gorgonia's own nodes may stand beside this package's ops. These are the traps in
// them, as of v0.9.18, and ways round. [Build], or [Grad], refuses those marked "x" by
// name; of those marked "!" Build warns (see [SetWarn]), as they are right in some
// graphs; the others no graph shows.
//
//	  you write                           Gorgonia v0.9.18                                          use instead
//
//	  Values
//	! SoftMax, LogSoftMax of rows         NaN, Inf in rows far below the first number of all        Fused.Softmax, Fused.CrossEntropy
//	! LogSoftMax, Log of SoftMax          SoftMax of the same node is the logarithm, too            Exp of it; Fused.Softmax
//	x AveragePool2D                       divides by the image's width; its gradient is wrong, too  Conv2d of images (N·C,1,H,W), equal weights
//	  AveragePool1D                       is MaxPool1D                                              Conv2d of images (N·C,1,H,W), equal weights
//	x Sum, Mean, Max along an inner axis  of the wrong elements [1]                                 Reshape the axes before it into one
//	  Sum, Mean of many float32           adds one by one: at 16,777,216 another 1 is lost          Sum the rows, then their sums; float64
//	  Rectify of -Inf, LeakyRelu of ±Inf  NaN                                                       Fused.Affine, Fused.Convolve with relu
//	  BinaryXent of 0 and 0, 1 and 1      NaN                                                       BinaryXent of a node that Sigmoid made
//	! constants with an axis above eight  are one if four numbers at either end agree               NewParam
//	! inputs without a name               of one shape are one                                      NewInput, NewParam
//	  inputs, constants of one name       are one, whatever their values                            NewInput, NewParam, which refuse
//
//	  Gradients
//	x SoftMax of a column (n,1)           along the axis of one element                             SoftMax(x, 0)
//	x Dropout, but at 0.5 in training     divided by the rate, in evaluation, too                   Fused.Dropout
//	! Dropout in training                 none where the input is 0                                 Fused.Dropout
//	! Dropouts of one node                are one, whatever their rates                             Fused.Dropout
//	x a broadcast along an inner axis     of the wrong elements [1]                                 Reshape the axes before it into one
//	x Log2                                times the logarithm of 2, not divided by it               Log, divided by the logarithm of 2
//	x InverseSqrt                         times x to the power of 1.5, not divided by it            Inverse of Sqrt
//	x OuterProd                           fails: its shapes do not fit                              Mul of (n,1) and (1,m)
//	x GlobalAveragePool2D                 none: gorgonia.Grad panics                                Reshape to (N·C,H·W), Mean along 1
//	x BatchNorm of images, in evaluation  by statistics that only training has                      gradients in training
//	  gorgonia.Grad of a second loss      the first one's, where they share nodes                   Grad, which refuses; of the losses' sum
//
//	  BatchNorm
//	! BatchNorm without scale, shift      has them of x's whole shape, random                       inputs (1,C), (1,C,1,1) of ones, zeros
//	! BatchNorm's momentum                is the share of the new batch                             0.01 where Keras has 0.99
//	  BatchNorms of one node              are one if momentum and epsilon agree to one decimal      Apply(Reshape, x) for one of them
//	  NewTapeMachine                      sets all to training, forgets the running statistics      Build(f, Evaluation); EvalMode()
//
//	  Gorgonia's machines
//	  RunAll, a second one                computes nothing, and returns no error                    Machine.Run; Reset before it
//	  BindDualValues                      adds up the gradients of all runs                         NodesToValueGrads without it
//	  Value after a TapeMachine's run     another node's, where Add, Mul ... read it last           Build's machine
//	  LispMachine                         no gradient of Max and Upsample2D: zeros                  Build's machine; NewTapeMachine
//
//	  First weights and solvers
//	  GlorotU in float32                  draws from a normal distribution                          Uniform(-a, a), a = √(6/(in+out))
//	  HeN, HeU in float32                 panic                                                     Gaussian(0, √(2/in))
//	  NewAdamW                            changes no weight                                         NewAdamSolver
//	  NewAdamSolver, in another order     mixes the moments of weights                              one order for all steps
//	  NewAdaGradSolver                    takes no option: its rate is 0.001                        NewAdamSolver
//	  NewMomentum                         scalars have no velocity; L1, L2 go into it               tensors of one element; NewVanillaSolver's L2
//	  NewRMSPropSolver with L2            takes it off without the rate                             NewVanillaSolver's, NewAdamSolver's L2
//
//	  Tensors
//	  Data of a tensor after T            is in the old order                                       Data of Materialize
//	  WriteNpy after T                    writes the wrong numbers                                  WriteNpy of Materialize
//
// [1] Where the axis is neither the first nor the last, its size is not 2, and the
// axes before it, but the first, hold more than one element: axis 2 of images (N,C,H,W).
// Any other is right, and not refused.
//
// Ops are written once for float32 and float64: float32 to train, float64 to
// check gradients.
package graph
