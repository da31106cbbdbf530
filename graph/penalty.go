package graph

// PenaltyOps are the part of Ops for penalties in the loss.
type PenaltyOps interface{}
