package nets

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"stheno/nets/safetensors"
	"stheno/nets/summary"
)

// convention is how a framework names and lays out a layer's weights.
type convention struct {
	framework string
	kernel    string // the last part of its name
}

// The conventions, by that last part.
var conventions = map[string]convention{
	"kernel": {"Keras", "kernel"},
	"weight": pyTorch,
}

var pyTorch = convention{"PyTorch", "weight"}

// pair is what a file holds of one layer.
type pair struct {
	kernel, bias *safetensors.Tensor
}

// translate turns weights from another framework into the model's names and
// layouts. A file of ours, or with the name of one of the model's kernels, stays
// as it is.
//
// The last part of a tensor's name, behind a dot or a slash, says whose it is:
//
//	kernel, bias   Keras: conv (KH,KW,I,O), dense (I,O), images flattened in H,W,C order
//	weight, bias   PyTorch: conv (O,I,KH,KW), dense (O,I), images flattened in C,H,W order
//
// What stands before it binds a kernel to its bias, and says nothing of where
// they belong: a layer gets the pair whose kernel's shape fits. Of several the
// layers take one after the other, in the order of the numbers in their names,
// by value: 0, 2, 10. Names that differ in more than numbers have no order. A
// file's own order means nothing, its writers sort it.
func (m *Model) translate(tensors []safetensors.Tensor, metadata map[string]string) ([]safetensors.Tensor, error) {
	ours := func(t safetensors.Tensor) bool { // a bias may be called so in PyTorch too
		return !strings.HasSuffix(t.Name, ".bias") && slices.ContainsFunc(m.specs, func(w spec) bool { return w.name == t.Name })
	}
	if len(tensors) == 0 || metadata["format"] == ownFormat || slices.ContainsFunc(tensors, ours) {
		return tensors, nil
	}
	from, err := m.conventionOf(tensors)
	if err != nil {
		return nil, err
	}
	pairs, err := pairsOf(tensors)
	if err != nil {
		return nil, err
	}
	var list []safetensors.Tensor
	for _, w := range m.specs {
		layer, isKernel := strings.CutSuffix(w.name, ".kernel")
		switch {
		case !slices.ContainsFunc(m.rows, func(r summary.Row) bool { return r.Name == w.layer }):
			return nil, fmt.Errorf("the %s's weight %q is of a layer within a layer: there is no rule for it in files of %s", m.Name, w.name, from.framework)
		case !m.laidOut(w):
			return nil, fmt.Errorf("the %s's weight %q is of a layer of one's own: there is no rule for it in files of %s", m.Name, w.name, from.framework)
		case isKernel:
			var fitting pair
			if fitting, pairs, err = m.pick(pairs, from, w); err != nil {
				return nil, err
			}
			list = append(list, m.convert(fitting, from, w, layer)...)
		} // a bias comes with its kernel
	}
	if len(pairs) > 0 {
		return nil, fmt.Errorf("the %s has no layer for %s", m.Name, kernels(pairs))
	}
	return list, nil
}

// laidOut says whether a weight's layout is one of Keras's and PyTorch's, too.
func (m *Model) laidOut(w spec) bool {
	switch l := m.Layers[slices.Index(names(m.Layers), w.layer)]; settings(l).(type) {
	case Conv2D, Dense:
		return true
	}
	return false
}

// conventionOf finds out whose weights these are.
func (m *Model) conventionOf(tensors []safetensors.Tensor) (from convention, err error) {
	for _, t := range tensors {
		_, last := split(t.Name)
		c, isKernel := conventions[last]
		switch {
		case !isKernel && last != "bias":
			return from, fmt.Errorf("tensor %q, shape %v, is no kernel, weight or bias, and none of the %s's weights, which are %s", t.Name, t.Shape, m.Name, m.weightNames())
		case !m.takes(t.DType):
			return from, m.otherType(t)
		case !isKernel:
			continue
		case from.framework != "" && from != c:
			return from, fmt.Errorf("tensor %q is named as %s's are, others in the file as %s's", t.Name, c.framework, from.framework)
		}
		from = c
	}
	return from, nil
}

// pairsOf sorts tensors into kernels with their biases, in the order of their
// names.
func pairsOf(tensors []safetensors.Tensor) (pairs []pair, err error) {
	byName := make(map[string]*pair)
	for _, t := range tensors {
		name, last := split(t.Name)
		name = unwrapped(name)
		p := byName[name]
		if p == nil {
			p = &pair{}
			byName[name] = p
		}
		part := &p.kernel
		if last == "bias" {
			part = &p.bias
		}
		if *part != nil {
			return nil, fmt.Errorf("tensors %q and %q belong to one layer: the file has two models", (*part).Name, t.Name)
		}
		*part = &t
	}
	inOrder := func(a, b string) int { return strings.Compare(sortable(a), sortable(b)) }
	for _, name := range slices.SortedFunc(maps.Keys(byName), inOrder) {
		p := byName[name]
		switch {
		case p.kernel == nil:
			return nil, fmt.Errorf("tensor %q, shape %v, has no kernel or weight beside it", p.bias.Name, p.bias.Shape)
		case p.bias == nil:
			return nil, fmt.Errorf("tensor %q, shape %v, has no bias beside it", p.kernel.Name, p.kernel.Shape)
		}
		pairs = append(pairs, *p)
	}
	return pairs, nil
}

// pick takes the first pair that fits a kernel of the model.
func (m *Model) pick(pairs []pair, from convention, w spec) (pair, []pair, error) {
	ours := w.shape
	want := from.shape(ours)
	i := slices.IndexFunc(pairs, func(p pair) bool { return slices.Equal(p.kernel.Shape, want) })
	if i < 0 {
		for _, p := range pairs {
			if meant := m.resized(w, from.inputs(p.kernel.Shape), from.inputs(want)); meant != "" {
				return pair{}, nil, sizeErrorf("tensor %q has shape %v, the %s's %q is %v in files of %s: it%s", p.kernel.Name, p.kernel.Shape, m.Name, w.name, want, from.framework, meant)
			}
		}
		return pair{}, nil, fmt.Errorf("nothing fits the %s's %q, which is %v in files of %s; there is %s", m.Name, w.name, want, from.framework, kernels(pairs))
	}
	p := pairs[i]
	for _, other := range pairs[i+1:] {
		if slices.Equal(other.kernel.Shape, want) && !numbered(p.kernel.Name, other.kernel.Name) {
			return pair{}, nil, fmt.Errorf("tensors %q and %q are both %v, and their names do not say which layer comes first: number them, as in %q and %q", p.kernel.Name, other.kernel.Name, want, "0."+from.kernel, "1."+from.kernel)
		}
	}
	if out := []int{ours[len(ours)-1]}; !slices.Equal(p.bias.Shape, out) {
		return pair{}, nil, fmt.Errorf("tensor %q has shape %v, beside %q it is %v", p.bias.Name, p.bias.Shape, p.kernel.Name, out)
	}
	return p, slices.Delete(pairs, i, i+1), nil
}

// convert gives a pair our names, and the kernel our layout.
func (m *Model) convert(p pair, from convention, w spec, layer string) []safetensors.Tensor {
	kernel, bias := *p.kernel, *p.bias
	if from == pyTorch {
		ours := w.shape
		out := ours[len(ours)-1]
		kernel.Data = outermost(kernel.Data, m.area(layer, ours), ours.TotalSize(), out)
	}
	kernel.Name, kernel.Shape, bias.Name = w.name, w.shape, layer+".bias"
	return []safetensors.Tensor{kernel, bias}
}

// outermost moves the axes of n elements, (out,in,area) -> (area,in,out). That
// is a convolution's kernel; and a dense layer's is one, which has the images'
// area, as far as it is concerned.
func outermost(data []byte, area, n, out int) []byte {
	moved, in, size := make([]byte, len(data)), n/(area*out), len(data)/max(n, 1)
	for o := range out {
		for i := range in {
			for p := range area {
				from, to := (o*in+i)*area+p, (p*in+i)*out+o
				copy(moved[to*size:(to+1)*size], data[from*size:])
			}
		}
	}
	return moved
}

// area is how many pixels a kernel sees: those of its own sides, or for a dense
// kernel those of the images that were flattened for it; 1 if it follows rows.
func (m *Model) area(layer string, kernel []int) int {
	if len(kernel) == 4 {
		return kernel[0] * kernel[1]
	}
	if images := m.flattened(layer); images != nil {
		return images[0] * images[1]
	}
	return 1
}

// shape is what the framework makes of our kernel's shape.
func (c convention) shape(ours []int) []int {
	switch {
	case c == pyTorch && len(ours) == 4:
		return []int{ours[3], ours[2], ours[0], ours[1]}
	case c == pyTorch && len(ours) == 2:
		return []int{ours[1], ours[0]}
	}
	return ours
}

// ours is the shape that the framework makes theirs of.
func (c convention) ours(theirs []int) []int {
	switch {
	case c == pyTorch && len(theirs) == 4:
		return []int{theirs[2], theirs[3], theirs[1], theirs[0]}
	case c == pyTorch && len(theirs) == 2:
		return []int{theirs[1], theirs[0]}
	}
	return theirs
}

// inputs puts the inputs of a dense kernel's shape first.
func (c convention) inputs(shape []int) []int {
	if c == pyTorch && len(shape) == 2 {
		return []int{shape[1], shape[0]}
	}
	return shape
}

// split cuts a tensor's name before its last part.
func split(name string) (front, last string) {
	at := strings.LastIndexAny(name, "./") + 1
	return name[:at], name[at:]
}

// unwrapped is the name before torch.compile and DataParallel have wrapped the
// model.
func unwrapped(name string) string {
	return strings.TrimPrefix(strings.ReplaceAll(name, "_orig_mod.", ""), "module.")
}

// numbered says whether two names differ in numbers alone, dense/ and dense_1/
// among them.
func numbered(a, b string) bool {
	return numberOf.ReplaceAllString(unwrapped(a), "") == numberOf.ReplaceAllString(unwrapped(b), "")
}

var (
	number   = regexp.MustCompile("[0-9]+")
	numberOf = regexp.MustCompile("_?[0-9]+")
)

// sortable makes numbers in a name equally long, so that 2 comes before 10.
func sortable(name string) string {
	return number.ReplaceAllStringFunc(name, func(n string) string { return strings.Repeat("0", max(0, 20-len(n))) + n })
}

// kernels lists pairs for an error.
func kernels(pairs []pair) string {
	if len(pairs) == 0 {
		return "nothing left"
	}
	texts := make([]string, len(pairs))
	for i, p := range pairs {
		texts[i] = fmt.Sprintf("%q %v", p.kernel.Name, p.kernel.Shape)
	}
	return strings.Join(texts, ", ")
}
