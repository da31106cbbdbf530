package graph

// ActivationOps are the part of Ops for activations.
type ActivationOps interface{}
