package dot

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"unicode/utf8"

	"gonum.org/v1/gonum/graph/encoding"
	"gorgonia.org/gorgonia"

	"stheno/graph"
)

// kind is what a box stands for.
type kind int

const (
	input kind = iota
	constant
	result
	operation
	gradientOperation
	weights
	gradients
	title
)

// flow is what an arrow stands for.
type flow int

const (
	forward  flow = iota // values on their way to the loss
	backward             // gradients on their way back
	aside                // values that a gradient reads
)

type attributes = []encoding.Attribute

// attrs makes attributes of keys and values in turn.
func attrs(pairs ...string) (a attributes) {
	for i := 0; i < len(pairs); i += 2 {
		a = append(a, encoding.Attribute{Key: pairs[i], Value: pairs[i+1]})
	}
	return a
}

const (
	font   = "Helvetica,Arial,sans-serif"
	ink    = "#263238"
	grey   = "#78909c"
	blue   = "#3f6ea5"
	green  = "#5f8f62"
	orange = "#c2703d"

	lightBlue   = "#e7eff8"
	lightGreen  = "#e9f3e9"
	lightOrange = "#fdf1e7"
)

// The picture has a light ground of its own, for viewers that are dark.
var (
	wholeStyle = attrs("rankdir", "TB", "bgcolor", "white", "fontname", font, "fontsize", "13", "fontcolor", ink,
		"labelloc", "t", "labeljust", "l", "nodesep", "0.35", "ranksep", "0.45", "pad", "0.3")
	boxStyle = attrs("shape", "box", "style", "rounded,filled", "fontname", font, "fontsize", "11", "fontcolor", ink,
		"penwidth", "1.2", "margin", "0.14,0.07", "height", "0.3")
	arrowStyle = attrs("fontname", font, "fontsize", "10", "fontcolor", grey, "color", blue, "penwidth", "1.2", "arrowsize", "0.7")
	frameStyle = attrs("style", "rounded,filled", "color", "#cfd8dc", "fillcolor", "#f7f9fa", "margin", "12", "label", "")
)

// Attributes are those in which the kinds of boxes differ.
func (b *box) Attributes() attributes {
	switch b.kind {
	case input, result:
		return append(b.label(), attrs("shape", "ellipse", "style", "filled", "color", grey, "fillcolor", "#eceff1")...)
	case constant:
		return append(b.label(), attrs("shape", "circle", "style", "filled", "color", grey, "fillcolor", "white", "margin", "0.02")...)
	case gradientOperation:
		return append(b.label(), attrs("color", orange, "fillcolor", lightOrange)...)
	case weights:
		return append(b.table(green, lightGreen, "solid"), attrs("shape", "plain", "style", "")...)
	case gradients:
		return append(b.table(orange, lightOrange, "dashed"), attrs("shape", "plain", "style", "")...)
	case title:
		return append(b.label(), attrs("shape", "plain", "style", "")...)
	}
	return append(b.label(), attrs("color", blue, "fillcolor", lightBlue)...)
}

func (b *box) label() attributes { return attrs("label", "<"+b.text.html(b.kind == title)+">") }

// table is a stack's label.
func (b *box) table(color, fill, style string) attributes {
	label := `<<table border="0" cellborder="1" cellspacing="4" cellpadding="3">`
	for _, c := range b.cells {
		label += fmt.Sprintf(`<tr><td port="%s" color="%s" bgcolor="%s" style="%s">%s</td></tr>`, html.EscapeString(c.port), color, fill, style, c.text.roomy().html(false))
	}
	return attrs("label", label+"</table>>")
}

// html is a text in Graphviz's own HTML.
func (t text) html(left bool) string {
	end := "<br/>"
	if left {
		end = `<br align="left"/>`
	}
	label := "<b>" + html.EscapeString(t.title) + "</b>"
	for line := range strings.Lines(t.note) {
		label += end + `<font point-size="10">` + html.EscapeString(strings.TrimSuffix(line, "\n")) + "</font>"
	}
	if left {
		label += end
	}
	return label
}

// roomy is the text with room at both ends, a tenth of its width: Graphviz makes a
// cell as wide as the text is in a font of its own, and the reader's may be wider.
func (t text) roomy() text {
	room := func(line string) string {
		space := strings.Repeat("\u00a0", 1+utf8.RuneCountInString(line)/6)
		return space + line + space
	}
	t.title = room(t.title)
	if t.note != "" {
		t.note = room(t.note)
	}
	return t
}

func (p point) isOp() bool { return p.box.kind == operation || p.box.kind == gradientOperation }

// turned says whether an arrow is written from its head to its tail. Gradients
// flow up, past the layers from below; to Graphviz each is an arrow down, drawn
// from behind.
func (a *arrow) turned() bool { return a.kind == backward && a.to.box.kind != gradients }

// Attributes are those in which the kinds of arrows differ.
func (a *arrow) Attributes() (list attributes) {
	if a.label != "" {
		list = attrs("label", " "+a.label+" ")
	}
	switch a.kind {
	case forward:
		if a.from.isOp() {
			list = append(list, attrs("weight", "10")...)
		}
	case backward:
		list = append(list, attrs("color", orange)...)
		if a.turned() {
			list = append(list, attrs("dir", "back", "weight", "10")...)
		}
	case aside:
		list = append(list, attrs("color", "#b0bec5", "style", "dashed", "penwidth", "0.9", "constraint", "false")...)
	}
	return list
}

// caption is the line above all, and beside gradients what the colours mean.
func (d *drawing) caption() string {
	label := "<<b>" + html.EscapeString(d.title) + `</b><br align="left"/>`
	if d.gradients {
		label += `<font point-size="11" color="` + blue + `">blue: values&#160;&#160;&#160;</font>` +
			`<font point-size="11" color="` + orange + `">orange: gradients&#160;&#160;&#160;</font>` +
			`<font point-size="11" color="` + grey + `">dashed: values that gradients are computed from</font><br align="left"/>`
	}
	return label + ">"
}

// setting is one of an op's, as its String writes it.
var setting = regexp.MustCompile(`(\w+):(\([^)]*\)|[^ }]+)`)

// flagged is what Gorgonia writes behind an elementwise op: whether it gives numbers
// of its input's type.
var flagged = regexp.MustCompile(` (true|false)$`)

// describe is an op's name, and those of its settings that arrows do not show.
func describe(n *gorgonia.Node) text {
	op := graph.Of(n)
	if op == nil {
		return text{flagged.ReplaceAllString(fmt.Sprint(n.Op()), ""), ""}
	}
	name, rest, _ := strings.Cut(op.String(), "{")
	var notes []string
	for _, s := range setting.FindAllStringSubmatch(rest, -1) {
		switch key, value := s[1], s[2]; {
		case key == "DX" || value == "false" || value[0] == '(': // whether there is an arrow, and shapes
		case value == "true":
			notes = append(notes, key)
		case key == "Algorithm":
			if a, ok := graph.ConvolutionOf(n); ok {
				notes = append(notes, a.String())
			}
		default:
			notes = append(notes, strings.ToLower(key)+" "+value)
		}
	}
	return text{name, strings.Join(notes, ", ")}
}
