package graph

// MergeOps are the part of Ops for branches that meet.
type MergeOps interface{}
