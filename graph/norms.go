package graph

// NormOps are the part of Ops for normalization over batches and channels.
type NormOps interface{}
