package graph

// ShapeOps are the part of Ops for what moves, adds or leaves out pixels.
type ShapeOps interface{}
