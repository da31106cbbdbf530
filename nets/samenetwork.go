package nets

import (
	"fmt"
	"slices"
	"strings"

	"stheno/nets/keras"
)

// SameNetwork says in what a network differs from another one first, in words such
// as "layer dense_1 has units 128, not 64"; they are empty if it does not. Settings
// count, and names, and which layers are frozen; that Dense reads an image as Flatten and
// Dense do is no difference, nor is a layer that is a pointer, nor in what order branches
// are listed. Where it cannot be
// known, of a layer with a function in it, the words say so.
func SameNetwork(a, b Network) string {
	x, err := a.config()
	if err != nil {
		return fmt.Sprintf("it cannot be compared: %v", err)
	}
	y, err := b.config()
	if err != nil {
		return fmt.Sprintf("it cannot be compared: %v", err)
	}
	if x.Input != y.Input {
		return fmt.Sprintf("it takes images of %s, not of %s", size(x.Input), size(y.Input))
	}
	y = x.Like(y)
	for i := range min(len(x.Layers), len(y.Layers)) {
		if words := differs(x, y, i); words != "" {
			return words
		}
	}
	switch n := min(len(x.Layers), len(y.Layers)); {
	case len(x.Layers) > n:
		return fmt.Sprintf("it has a layer more, %s", x.Layers[n].Name)
	case len(y.Layers) > n:
		return fmt.Sprintf("it lacks a layer, %s", y.Layers[n].Name)
	case x.Name != y.Name:
		return fmt.Sprintf("its name is %q, not %q", x.Name, y.Name)
	}
	return ""
}

// differs says in what layer i differs from another.
func differs(a, b keras.Network, i int) string {
	x, y := a.Layers[i], b.Layers[i]
	if x.Class != y.Class || x.Ours != y.Ours {
		return fmt.Sprintf("layer %d is %s, not %s", i+1, x.Class, y.Class)
	}
	ours, theirs := x.All(), y.All()
	if key := differing(ours, theirs); key != "" {
		return fmt.Sprintf("layer %s has %s %s, not %s", x.Name, key, told(ours[key]), told(theirs[key]))
	}
	switch takes, not := a.Takes(i), b.Takes(i); {
	case x.Frozen != y.Frozen:
		return fmt.Sprintf("layer %s is %s, not %s", x.Name, trained(x), trained(y))
	case x.Name != y.Name:
		return fmt.Sprintf("layer %d is called %s, not %s", i+1, x.Name, y.Name)
	case !slices.Equal(takes, not):
		return fmt.Sprintf("layer %s stands after %s, not %s", x.Name, strings.Join(takes, " and "), strings.Join(not, " and "))
	}
	return ""
}

func trained(l keras.NetworkLayer) string {
	if l.Frozen {
		return "frozen"
	}
	return "trained"
}

// told is a setting in words: an initializer by its name, and none for no value.
func told(value []byte) string {
	switch class, constant, err := keras.ReadInitializer(value); {
	case err == nil && class == "Constant":
		return fmt.Sprintf("Constant(%g)", constant)
	case err == nil:
		return class
	case value == nil:
		return "none"
	}
	return fmt.Sprintf("%.100s", value)
}
