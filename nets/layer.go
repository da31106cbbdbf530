package nets

import "gorgonia.org/gorgonia"

// Layer is a step of a network: settings, and how they become nodes.
//
// One of your own is a struct of settings with this one method. [Register] it in an
// init function beside the type, by whose name files then know it, and give each
// setting a tag with its name in them:
//
//	type Scale struct {
//		By float64 `json:"by"`
//	}
//
//	func init() { nets.Register(Scale{}) }
//
// Then networks that have it are written and read ([Network.MarshalJSON]), whatever
// program registers it. Settings are exported fields that JSON can hold, an
// [Activation] and one of the [Initializer]s here among them; functions, other
// interfaces and fields that are set and not exported are refused by name when the
// network is written. A field that is no setting has the tag `json:"-"`; one that is
// added later has ",omitempty", so that older files are still read.
//
// What its mathematics takes and how others compute it, it says by further methods, if
// you want them: FLOPs ([Counted]) and ONNX (the interface Layer of package nets/onnx).
// Without them reports say that the operations are not known, and a run has no ONNX
// file. A layer of layers ([Builder.Layer]) and of nothing else needs neither.
type Layer interface {
	// Build adds the layer to b's graph, after x, and returns its output. It
	// takes its weights from b and refuses what does not fit. An input that it makes
	// itself, as by gorgonia.NewMatrix, is neither trained nor saved: one without a
	// value, or with another in each graph, is refused.
	//
	// Gorgonia's own ops may stand in it. Those that have a mode get b.Phase's:
	// Gorgonia's Dropout, whose seed is the clock, is nothing outside of training.
	// The running statistics of its BatchNorm belong to one graph alone and are not
	// saved: programs for the other phases are refused until SetStats puts them there.
	Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error)
}
