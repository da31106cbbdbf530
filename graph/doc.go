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
// [Build] refuses a graph with what Gorgonia v0.9.18 is known to compute wrong:
//
//	AveragePool2D                              always
//	Sum, Mean, Max along an inner axis         where its size is not 2 and the axes before it, but the first, hold more than one element: axis 2 of images (N,C,H,W)
//	the gradient of a broadcast                along such an axis
//	the gradient of Dropout                    at another rate than 0.5, or in evaluation
//	the gradient of BatchNorm of images        in evaluation
//	the gradient of SoftMax and LogSoftMax     of a column (n,1), where no axis is named
//	the gradient of Log2, InverseSqrt          always
//	the gradient of OuterProd                  always
//
// It cannot see these, which are for you to avoid: AveragePool1D takes the largest;
// SoftMax and LogSoftMax of several rows give NaN where the first number of all is
// far above a row's, which [Fused]'s Softmax and CrossEntropy do not; SoftMax(x)
// turns into LogSoftMax(x) where Log of it is in the same graph; Dropouts of one
// node are one, whatever their rates; unnamed inputs of one shape are one, and so
// are constants of one name; gorgonia.Grad itself, which checks nothing that Grad does.
//
// Ops are written once for float32 and float64: float32 to train, float64 to
// check gradients.
package graph
