package nets

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
)

// class is what is known of a type of layers.
type class struct {
	layer reflect.Type // as it stands in a network: a struct, or a pointer to one
	keras bool         // it is Keras's layer of that name
}

// classes are the types of layers that a config can name. Packages register
// theirs as a program starts, and programs read them from then on.
var classes = struct {
	sync.RWMutex
	byName map[string]class
}{byName: make(map[string]class)}

// Register makes a type of layer of one's own known, by the type's name, so that a
// network with it can be read from its config: from a run's folder, too. The layer
// is any value of the type, a struct or a pointer to one; a network that is read
// holds the same. It is called as a program starts, from an init function beside
// the type:
//
//	func init() { nets.Register(Block{}) }
//
// The layer's settings are its JSON: exported fields, by the names in their tags.
// It panics on a type that is no named struct, and on a second type of one name.
func Register(layer Layer) { register(layer, false) }

// registerKeras is Register for a layer that Keras has under that name, with that
// mathematics.
func registerKeras(layer Layer) { register(layer, true) }

// registerKerasAs is that for a layer whose type cannot have Keras's name.
func registerKerasAs(class string, layer Layer) {
	kerasNames[reflect.TypeOf(layer)] = class
	registerKeras(layer)
}

// kerasNames are Keras's names of types that have another one in Go. It is written as
// the program starts.
var kerasNames = make(map[reflect.Type]string)

func register(layer Layer, keras bool) {
	t := reflect.TypeOf(layer)
	if t == reflect.TypeFor[At]() {
		panic("nets: Register takes a layer, not its place")
	}
	if t == nil || settingsType(t).Kind() != reflect.Struct || settingsType(t).Name() == "" {
		panic("nets: Register takes a layer whose type is a named struct, or a pointer to one")
	}
	name := kind(layer)
	classes.Lock()
	defer classes.Unlock()
	if known, ok := classes.byName[name]; ok && settingsType(known.layer) != settingsType(t) {
		panic("nets: Register: two types of layers have one name")
	} else if !ok {
		classes.byName[name] = class{t, keras}
	}
}

// settingsType is a layer's type, or what it points at.
func settingsType(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// registered refuses a layer of a type that is not known.
func registered(l Layer) error {
	c, err := classNamed(kind(l), packageOf(l))
	if err == nil && settingsType(c.layer) != settingsType(reflect.TypeOf(plain(l))) {
		return fmt.Errorf("its type %T is not registered, another one of that name is: call it something else", l)
	}
	return err
}

// isKeras says whether a layer is one of Keras's.
func isKeras(l Layer) bool {
	c, err := classNamed(kind(l), "")
	return err == nil && c.keras && settingsType(c.layer) == settingsType(reflect.TypeOf(plain(l)))
}

// packageOf is the import path of a layer's package; "" of this one, and of a
// program, which nobody can import.
func packageOf(l Layer) string {
	path := settingsType(reflect.TypeOf(plain(l))).PkgPath()
	if ours(l) || path == "main" {
		return ""
	}
	return path
}

// ours says of a layer whether its type is one of this package's.
func ours(l Layer) bool {
	return settingsType(reflect.TypeOf(plain(l))).PkgPath() == reflect.TypeFor[Network]().PkgPath()
}

// Registered are the classes of layers that a config can name in this program, sorted:
// Keras's here, and those of [Register].
func Registered() []string {
	classes.RLock()
	defer classes.RUnlock()
	return slices.Sorted(maps.Keys(classes.byName))
}

func classNamed(name, pkg string) (class, error) {
	classes.RLock()
	defer classes.RUnlock()
	c, ok := classes.byName[name]
	if !ok {
		return c, &UnknownLayerError{Class: name, Package: pkg}
	}
	return c, nil
}

// UnknownLayerError says that a network has a layer of one's own that this program
// does not know. A program that imports the package with that layer does, if the
// package calls [Register].
type UnknownLayerError struct {
	Class   string // the name of the layer's type
	Package string // the import path of its package, "" if the network's config does not say
}

func (e *UnknownLayerError) Error() string {
	return fmt.Sprintf("the layer %.60q is not registered in this program", e.Class)
}
