package graph

// NoiseOps are the part of Ops for noise in training.
type NoiseOps interface{}
