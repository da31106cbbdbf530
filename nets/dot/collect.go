package dot

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
	"stheno/nets/summary"
)

// drawing is a graph as it is drawn.
type drawing struct {
	title     string
	gradients bool
	frames    []*frame
	boxes     []*box
	arrows    []*arrow
}

// frame is a layer, or what follows the layers.
type frame struct {
	nets.Part
	params int
	boxes  []*box
	stacks [2]*box // of weights, and of their gradients
}

// box is an op, an input, a constant, a result, the title of a frame, or a
// stack of cells.
type box struct {
	id    int64
	name  string // unique, and all that a mouse sees of it
	kind  kind
	text  text
	cells []cell
}

// text is a title and what is written below it.
type text struct{ title, note string }

// cell is a weight, or a weight's gradient.
type cell struct {
	port string // unique
	text text
}

// point is where an arrow begins or ends: a box, or one cell of it.
type point struct {
	box  *box
	port string
}

// arrow leads from where a value is made to where it is read.
type arrow struct {
	from, to point
	kind     flow
	label    string
}

// collector makes a drawing of a program.
type collector struct {
	drawing
	part  map[*gorgonia.Node]int // the frame of every node that has one, gradients among them
	ahead map[*gorgonia.Node]bool
	made  map[*gorgonia.Node]point
	names map[string]int
}

// collect draws a program. Ops with several outputs are one box: nodes that
// only hand out a further output are arrows.
func collect(p *nets.Program, gradients bool) *collector {
	c := &collector{
		drawing: drawing{gradients: gradients},
		part:    make(map[*gorgonia.Node]int), ahead: make(map[*gorgonia.Node]bool),
		made: make(map[*gorgonia.Node]point), names: make(map[string]int),
	}
	for i, part := range p.Parts() {
		f := &frame{Part: part}
		c.frames = append(c.frames, f)
		if len(part.Nodes) > 0 { // else nothing to draw, as of dropout in evaluation
			c.add(i, box{name: "title of " + f.Name, kind: title})
		}
		for _, n := range part.Nodes {
			c.part[n], c.ahead[n] = i, true
		}
	}
	all := slices.DeleteFunc(slices.Clone(p.Graph().AllNodes()), graph.Keeps) // in the order in which they were added: what is read comes before its readers
	for _, n := range all {
		if _, ok := c.part[n]; !ok && n.IsVar() {
			c.ahead[n] = true // images and labels, which have no frame
		} else if !ok {
			c.place(n)
		}
	}
	for _, n := range all {
		if c.ahead[n] || gradients {
			c.draw(n)
		}
	}
	for _, f := range c.frames {
		if len(f.boxes) > 0 {
			f.boxes[0].text = f.title()
		}
	}
	c.frames = slices.DeleteFunc(c.frames, func(f *frame) bool { return len(f.boxes) == 0 })
	return c
}

// title is a frame's name, and below it its type and how many parameters it has.
func (f *frame) title() text {
	t := text{f.Name, f.Type}
	if f.params > 0 {
		t.note += "\n" + summary.Thousands(f.params) + " parameters"
	}
	return t
}

// row are the boxes that stand side by side, from left to right: the title, the
// weights, the op that reads them, its gradient op and what that makes. A frame
// with more ops than that, as stock nodes have, has no row.
func (f *frame) row() (row []*box) {
	var ops [2]*box
	for _, b := range f.boxes {
		if b.kind != operation && b.kind != gradientOperation {
			continue
		}
		i := int(b.kind - operation)
		if ops[i] != nil {
			return nil
		}
		ops[i] = b
	}
	for _, b := range []*box{f.boxes[0], f.stacks[0], ops[0], ops[1], f.stacks[1]} {
		if b != nil {
			row = append(row, b)
		}
	}
	return row
}

// place finds the frame of a node that no layer has made. Backpropagation asks
// each op for nodes that turn the gradient of its output into those of its
// inputs, so they belong with the node whose gradient they read. Nodes between
// them, which are the gradient of nothing, belong with what they read, and
// constants with the first that reads them.
func (c *collector) place(n *gorgonia.Node) {
	in := inputs(n)
	read, known := -1, -1
	for _, x := range in {
		if i, ok := c.part[x]; ok {
			known = max(known, i)
		}
		for _, y := range x.DerivOf() {
			if i, ok := c.part[y]; ok && c.ahead[y] {
				read = max(read, i)
			}
		}
	}
	if read < 0 {
		read = known
	}
	if len(in) == 0 || read < 0 {
		return
	}
	c.part[n] = read
	for _, x := range in {
		if _, ok := c.part[x]; !ok && !c.ahead[x] {
			c.part[x] = read
		}
	}
}

// inputs are what a node reads, in its op's order.
func inputs(n *gorgonia.Node) (in gorgonia.Nodes) {
	for it := n.Graph().From(n.ID()); it.Next(); {
		in = append(in, it.Node().(*gorgonia.Node))
	}
	return in
}

// draw adds a node's box and the arrows to it.
func (c *collector) draw(n *gorgonia.Node) {
	if first := graph.First(n); first != n {
		c.made[n] = c.made[first]
	} else {
		c.made[n] = c.point(n)
		for _, x := range inputs(n) {
			c.join(x, n)
		}
	}
	if c.ahead[n] && !n.IsVar() && c.last(n) {
		name := c.frames[c.part[n]].Name
		b := c.add(c.part[n], box{name: name, kind: result, text: text{name, ""}})
		c.arrows = append(c.arrows, &arrow{c.made[n], b, forward, size(n.Shape())})
	}
	for _, w := range n.DerivOf() {
		if c.ahead[w] && w.IsVar() {
			b := c.stack(c.part[w], gradients, cell{"gradient of " + w.Name(), text{"∂ " + c.short(w), size(n.Shape())}})
			c.arrows = append(c.arrows, &arrow{c.made[n], b, backward, ""})
		}
	}
}

// last says whether no node of the way ahead reads n.
func (c *collector) last(n *gorgonia.Node) bool {
	for it := n.Graph().To(n.ID()); it.Next(); {
		if c.ahead[it.Node().(*gorgonia.Node)] {
			return false
		}
	}
	return true
}

// point adds the box of a node, or its cell.
func (c *collector) point(n *gorgonia.Node) point {
	i, ok := c.part[n]
	if !ok {
		i = -1
	}
	switch {
	case n.IsVar() && !ok:
		return c.add(i, box{name: n.Name(), kind: input, text: text{n.Name(), ""}})
	case n.IsVar():
		params := n.Shape().TotalSize()
		c.frames[i].params += params
		return c.stack(i, weights, cell{n.Name(), text{c.short(n), size(n.Shape()) + "  " + summary.Thousands(params)}})
	case len(inputs(n)) == 0:
		value := fmt.Sprint(n.Value())
		return c.add(i, box{name: "constant " + value, kind: constant, text: text{value, ""}})
	}
	b := box{kind: operation}
	if !c.ahead[n] {
		b.kind = gradientOperation
	}
	b.text = describe(n)
	b.name = b.text.title
	if i >= 0 {
		b.name = c.frames[i].Name + ": " + b.text.title
	}
	return c.add(i, b)
}

// add adds a box to a frame, or outside of all of them, under a name of its own.
func (c *collector) add(frame int, b box) point {
	b.id = int64(len(c.boxes))
	c.names[b.name]++
	if k := c.names[b.name]; k > 1 {
		b.name = fmt.Sprintf("%s (%d)", b.name, k)
	}
	c.boxes = append(c.boxes, &b)
	if frame >= 0 {
		f := c.frames[frame]
		f.boxes = append(f.boxes, &b)
	}
	return point{box: &b}
}

// stack adds a cell to a frame's stack of this kind.
func (c *collector) stack(frame int, k kind, added cell) point {
	f := c.frames[frame]
	s := &f.stacks[0]
	if k == gradients {
		s = &f.stacks[1]
	}
	if *s == nil {
		name := f.Name + ": weights"
		if k == gradients {
			name = f.Name + ": gradients"
		}
		*s = c.add(frame, box{name: name, kind: k}).box
	}
	(*s).cells = append((*s).cells, added)
	return point{*s, added.port}
}

// join adds the arrow from x to its reader n. What a frame shows in a box of its
// own, or another arrow shows already, is not written on it.
func (c *collector) join(x, n *gorgonia.Node) {
	a := &arrow{c.made[x], c.made[n], forward, size(x.Shape())}
	switch {
	case c.ahead[x] && !c.ahead[n]:
		a.kind, a.label = aside, ""
	case !c.ahead[n]:
		a.kind = backward
		if c.made[x].box.kind == operation { // what an op of the way ahead has kept
			a.kind = aside
		}
	}
	if k := a.from.box.kind; k == weights || k == constant {
		a.label = ""
	}
	c.arrows = append(c.arrows, a)
}

// short is a weight's name within its frame.
func (c *collector) short(w *gorgonia.Node) string {
	prefix := c.frames[c.part[w]].Name + "."
	if s := w.Name(); len(s) > len(prefix) && s[:len(prefix)] == prefix {
		return s[len(prefix):]
	}
	return w.Name()
}

// size writes a shape as (128,784).
func size(s tensor.Shape) string {
	if len(s) == 0 {
		return "scalar"
	}
	text := "("
	for i, n := range s {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprint(n)
	}
	return text + ")"
}
