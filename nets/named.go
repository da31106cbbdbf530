package nets

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// named are the networks that a run's config.json can name.
var named = map[string]func(image [3]int, classes int) Network{
	"mlp": MLP,
	"cnn": CNN,
}

// Named is the network of a name, for images of a size: what MLP and CNN are
// to a program, to a file.
func Named(name string, image [3]int, classes int) (Network, error) {
	network, ok := named[name]
	if !ok {
		return Network{}, fmt.Errorf("nets: network %q is not known; there are %s", name, strings.Join(slices.Sorted(maps.Keys(named)), ", "))
	}
	return network(image, classes), nil
}
