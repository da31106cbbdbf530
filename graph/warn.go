package graph

import (
	"fmt"
	"log"
	"slices"
	"strings"
	"sync"

	"gorgonia.org/gorgonia"
)

// warnings are what Build says of stock nodes that are right in some graphs and not
// in others, which it cannot tell apart.
var warnings = struct {
	sync.Mutex
	say  func(text string)
	said [len(doubtful)]bool
}{say: func(text string) { log.Print(text) }}

// SetWarn sets what [Build] calls with a warning, a line, where a graph holds one of
// the traps that the package's documentation marks with "!". It is log.Print until
// then, and so the standard error stream; nil is silence. Each kind of trap is said
// once, to each function that is set. Any goroutine may call it at any time.
func SetWarn(say func(text string)) {
	warnings.Lock()
	defer warnings.Unlock()
	warnings.say = say
	clear(warnings.said[:])
}

// warn says what has not been said.
func warn(doubts [len(doubtful)]string) {
	warnings.Lock()
	say := warnings.say
	for kind, text := range doubts {
		if say == nil || warnings.said[kind] {
			doubts[kind] = ""
		}
		warnings.said[kind] = warnings.said[kind] || text != "" && say != nil
	}
	warnings.Unlock()
	for _, text := range doubts {
		if text != "" {
			say(text)
		}
	}
}

// doubts are what there is to say of a graph, by kind.
func doubts(g *gorgonia.ExprGraph) (texts [len(doubtful)]string) {
	for _, n := range g.AllNodes() {
		op := fmt.Sprintf("%T", n.Op())
		for kind, d := range doubtful {
			if texts[kind] == "" && d.op == op && d.when(n) {
				texts[kind] = fmt.Sprintf("graph: %s of shape %v: %s (said once; graph.SetWarn)", named(n), n.Shape(), d.says)
			}
		}
	}
	return texts
}

// doubtful are the stock nodes to warn of, and what to do in place of each.
var doubtful = [...]struct {
	op   string // its type; <nil> of an input
	when func(n *gorgonia.Node) bool
	says string
}{
	{"*gorgonia.softmaxOp", ofRows,
		"SoftMax and LogSoftMax subtract the first number of all rows, not the largest of each, and give NaN or Inf where they lie far apart: use graph.Fused.Softmax or graph.Fused.CrossEntropy"},
	{"*gorgonia.softmaxOp", isLog,
		"SoftMax and LogSoftMax of one node are one node, and here both are the logarithm: take Exp of it where you want probabilities, or graph.Fused.Softmax"},
	{"*gorgonia.dropoutOp", drops,
		"Gorgonia's Dropout has no gradient where its input is 0, and Dropouts of one node are one, whatever their rates: use graph.Fused.Dropout"},
	{"*gorgonia.BatchNormOp", scalesEach,
		"BatchNorm without a scale or a shift makes one for each element of its input, of random numbers: give it nodes of yours, (1,C) or (1,C,1,1), of ones and zeros"},
	{"*gorgonia.BatchNormOp", forgets,
		"BatchNorm's momentum is the share of the new batch in the running statistics, not of the old ones: use 0.01 where Keras has 0.99"},
	{"gorgonia.constantTensor", abridged,
		"Gorgonia tells constants apart by what it prints of them, four numbers at either end of an axis of more than eight: use graph.NewParam"},
	{"<nil>", unnamed,
		"Gorgonia takes inputs of one shape and no name for one: use graph.NewInput or graph.NewParam, which want a name"},
}

// named is what a user knows a node by.
func named(n *gorgonia.Node) string {
	switch {
	case n.IsVar():
		return "an input"
	case isLeaf(n):
		return "a constant"
	}
	return n.Op().String()
}

// ofRows: of one row alone the first number of all is its own.
func ofRows(n *gorgonia.Node) bool {
	axis := setting(n, "axis")
	return n.Dims() > 1 && !n.Shape().IsVector() && axis.CanInt() && n.Shape().TotalSize() > n.Shape()[(len(n.Shape())+int(axis.Int()))%len(n.Shape())]
}

func isLog(n *gorgonia.Node) bool { return isSet(n, "isLog") }

func drops(n *gorgonia.Node) bool {
	rate := setting(n, "probability")
	return isSet(n, "isTraining") && rate.CanFloat() && rate.Float() > 0
}

// isSet tells a setting that is true.
func isSet(n *gorgonia.Node, name string) bool {
	v := setting(n, name)
	return v.IsValid() && v.Bool()
}

// scalesEach finds the nodes that Gorgonia makes: it names them by those they are for.
func scalesEach(n *gorgonia.Node) bool {
	of := childrenOf(n)[0].Name()
	return len(n.Graph().ByName(of+"_γ"))+len(n.Graph().ByName(of+"_β")) > 0
}

func forgets(n *gorgonia.Node) bool {
	momentum := setting(n, "momentum")
	return isSet(n, "training") && momentum.CanFloat() && momentum.Float() > 0.5
}

// abridged: Gorgonia prints the last two axes of a constant in part.
func abridged(n *gorgonia.Node) bool {
	shape := n.Shape()
	return slices.ContainsFunc(shape[max(0, len(shape)-2):], func(size int) bool { return size > 8 })
}

// unnamed: an input without a name is called after the op that it has not.
func unnamed(n *gorgonia.Node) bool { return strings.Contains(n.Name(), "(<nil>)") }
