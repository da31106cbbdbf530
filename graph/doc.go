// Package graph gives Gorgonia fused, fast operations and a machine that runs
// a graph batch after batch.
//
// An operation is an [Op]: four methods that say its name, its shapes, its
// loop and its gradient. [Apply] puts one into any gorgonia.ExprGraph, beside
// stock nodes, and gorgonia.Grad differentiates through it: one adapter (op.go)
// speaks Gorgonia's side of the contract for all of them. Each op is one file;
// its arithmetic is a kernel of package graph/kernel, its plain twin of stock
// nodes stands in stock.go.
//
// Ops are written once for float32 and float64: float32 to train, float64 to
// check gradients.
package graph
