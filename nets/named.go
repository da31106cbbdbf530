package nets

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// named are the networks that have a name.
var named = struct {
	sync.RWMutex
	byName map[string]namedNetwork
}{byName: make(map[string]namedNetwork)}

type namedNetwork struct {
	about string
	make  func(image [3]int, classes int) Network
}

// RegisterNetwork gives a network a name for programs: about is a line that says
// what it is, make makes it for images of a height, width and channels, and a
// number of classes. It is called as a program starts, from an init function, and
// panics on a name that is taken. Files of weights say the network's own Name: only
// a network that is registered by that is found for them.
func RegisterNetwork(name, about string, make func(image [3]int, classes int) Network) {
	if name == "" || make == nil {
		panic("nets: RegisterNetwork takes a name and a function")
	}
	named.Lock()
	defer named.Unlock()
	if _, ok := named.byName[name]; ok {
		panic("nets: RegisterNetwork: the name is taken")
	}
	named.byName[name] = namedNetwork{about, make}
}

// Named is the network of a name, for images of a size.
func Named(name string, image [3]int, classes int) (Network, error) {
	n, err := lookUp(name)
	switch {
	case err != nil:
		return Network{}, err
	case min(image[0], image[1], image[2], classes) < 1:
		return Network{}, fmt.Errorf("nets: network %s for images %v and %d classes: each must be at least 1", name, image, classes)
	}
	return n.make(image, classes), nil
}

// NetworkNames are the names of networks, sorted.
func NetworkNames() []string {
	named.RLock()
	defer named.RUnlock()
	return slices.Sorted(maps.Keys(named.byName))
}

// About is the line that says what a named network is.
func About(name string) (string, error) {
	n, err := lookUp(name)
	return n.about, err
}

func lookUp(name string) (namedNetwork, error) {
	named.RLock()
	n, ok := named.byName[name]
	named.RUnlock()
	if !ok {
		return n, fmt.Errorf("nets: network %.60q is not known; there are %s", name, strings.Join(NetworkNames(), ", "))
	}
	return n, nil
}
