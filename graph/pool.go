package graph

// PoolOps are the part of Ops for pooling.
type PoolOps interface{}
