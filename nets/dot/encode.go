package dot

import (
	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/encoding"
	"gonum.org/v1/gonum/graph/encoding/dot"
	"gonum.org/v1/gonum/graph/multi"
)

// encode writes the drawing by gonum's encoder: frames first, as subgraphs that
// list the names of their boxes, then all boxes with their looks, then arrows.
// It is a multigraph, as two cells of a stack may have arrows to one op.
func (d *drawing) encode(name string) ([]byte, error) {
	w := whole{multi.NewDirectedGraph(), d}
	for _, b := range d.boxes {
		w.AddNode(b)
	}
	for i, a := range d.arrows {
		tail, head := a.from, a.to
		if a.turned() {
			tail, head = head, tail
		}
		w.SetLine(line{int64(i), tail.box, head.box, tail.port, head.port, a})
	}
	text, err := dot.MarshalMulti(w, name, "", "  ")
	return append(text, '\n'), err
}

// whole is the drawing in gonum's words.
type whole struct {
	*multi.DirectedGraph
	drawing *drawing
}

func (w whole) Structure() (frames []dot.Multigraph) {
	for _, f := range w.drawing.frames {
		g := subgraph{multi.NewDirectedGraph(), "cluster_" + f.Name, frameStyle, nil}
		for _, b := range f.boxes {
			g.AddNode(member{b})
		}
		if row := f.row(); row != nil {
			g.inner = []dot.Multigraph{newRow("row_"+f.Name, row)}
		}
		frames = append(frames, g)
	}
	return frames
}

// newRow holds boxes side by side, and in their order by lines that nobody sees.
func newRow(name string, boxes []*box) dot.Multigraph {
	g := subgraph{multi.NewDirectedGraph(), name, attrs("rank", "same"), nil}
	for i, b := range boxes {
		if i > 0 {
			g.SetLine(line{int64(i), member{boxes[i-1]}, member{b}, "", "", unseen{}})
		}
	}
	return g
}

func (w whole) DOTAttributers() (graph, node, edge encoding.Attributer) {
	return looks(append(attrs("label", w.drawing.caption()), wholeStyle...)), looks(boxStyle), looks(arrowStyle)
}

// subgraph is a frame or a row. Graphviz draws a frame around a subgraph whose
// name begins with cluster.
type subgraph struct {
	*multi.DirectedGraph
	name  string
	style attributes
	inner []dot.Multigraph
}

func (s subgraph) DOTID() string               { return s.name }
func (s subgraph) Structure() []dot.Multigraph { return s.inner }
func (s subgraph) DOTAttributers() (graph, node, edge encoding.Attributer) {
	return looks(s.style), nil, nil
}

// ID and DOTID make a box one of gonum's nodes.
func (b *box) ID() int64     { return b.id }
func (b *box) DOTID() string { return b.name }

// member is a box without its looks.
type member struct{ box *box }

func (m member) ID() int64     { return m.box.id }
func (m member) DOTID() string { return m.box.name }

// line is an arrow as Graphviz is told of it, or another line.
type line struct {
	id                 int64
	tail, head         graph.Node
	tailPort, headPort string
	encoding.Attributer
}

func (l line) ID() int64        { return l.id }
func (l line) From() graph.Node { return l.tail }
func (l line) To() graph.Node   { return l.head }
func (l line) ReversedLine() graph.Line {
	return line{l.id, l.head, l.tail, l.headPort, l.tailPort, l.Attributer}
}

// Arrows leave a cell to the right and reach it from the left.
func (l line) FromPort() (port, compass string) { return side(l.tailPort, "e") }
func (l line) ToPort() (port, compass string)   { return side(l.headPort, "w") }

func side(port, compass string) (string, string) {
	if port == "" {
		return "", ""
	}
	return port, compass
}

type looks attributes

func (l looks) Attributes() []encoding.Attribute { return l }

type unseen struct{}

func (unseen) Attributes() []encoding.Attribute { return attrs("style", "invis") }
