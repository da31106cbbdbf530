package graph

import "gorgonia.org/gorgonia"

func checkStock(g *gorgonia.ExprGraph) error { return nil }
