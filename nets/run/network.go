package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"stheno/nets"
)

// NewConfig begins the config of a run that trains m: its network, written down so
// that any program that knows its layers can read it, and what images it takes. Its settings are the zero ones, but for Conv, which is auto.
// A layer of a type that is not registered is refused.
func NewConfig(m *nets.Model) (Config, error) {
	text, err := json.Marshal(m.Network)
	if err == nil {
		_, err = nets.ParseNetwork(text)
	}
	if err != nil {
		return Config{}, unwritten(m.Network, err)
	}
	return Config{
		Format: ConfigFormat, Network: m.Name, Model: text, Params: m.Params(),
		Settings: Settings{Conv: "auto"}, Data: Source{Image: m.Input, Classes: m.Classes},
	}, nil
}

// unwritten says why a network cannot be written down.
func unwritten(n nets.Network, err error) error {
	if own := (*json.MarshalerError)(nil); errors.As(err, &own) {
		err = own.Unwrap()
	}
	if unknown := (*nets.UnknownLayerError)(nil); errors.As(err, &unknown) {
		return fmt.Errorf("run: no program could read a run of %s, for its layer %s is not registered: call nets.Register(%[2]s{}) beside its type", n.Name, unknown.Class)
	}
	return fmt.Errorf("run: the network cannot be written into a run's folder: %w", err)
}

// ownPackages are those of all layers of one's own in a network's config.
func ownPackages(model []byte) (paths []string) {
	var m struct {
		Config struct {
			Layers []struct {
				Module     string `json:"module"`
				Registered string `json:"registered_name"`
			} `json:"layers"`
		} `json:"config"`
	}
	_ = json.Unmarshal(model, &m) // which has been read
	for _, l := range m.Config.Layers {
		if l.Registered != "" && l.Module != "" && !slices.Contains(paths, l.Module) {
			paths = append(paths, l.Module)
		}
	}
	return paths
}

// Net is the run's network. A layer that this program does not know is a
// *LayerError.
func (c Config) Net() (nets.Network, error) {
	if min(c.Data.Image[0], c.Data.Image[1], c.Data.Image[2], c.Data.Classes) < 1 {
		return nets.Network{}, fmt.Errorf("%s: images %v of %d classes", ConfigFile, c.Data.Image, c.Data.Classes)
	}
	if names := len(c.Data.Names); names > 0 && names != c.Data.Classes {
		return nets.Network{}, fmt.Errorf("%s: %d class_names for %d classes", ConfigFile, names, c.Data.Classes)
	}
	if c.Format == namedFormat {
		return c.named()
	}
	var model bytes.Buffer // as it was written, and not as it is set in
	if err := json.Compact(&model, c.Model); err != nil && len(c.Model) > 0 {
		return nets.Network{}, fmt.Errorf("%s: model: %w", ConfigFile, err)
	}
	n, err := nets.ParseNetwork(model.Bytes())
	if unknown := (*nets.UnknownLayerError)(nil); errors.As(err, &unknown) {
		return n, &LayerError{Class: unknown.Class, Packages: ownPackages(c.Model)}
	}
	switch {
	case len(c.Model) == 0:
		err = fmt.Errorf("there is none")
	case err == nil && n.Input != c.Data.Image:
		err = fmt.Errorf("it takes images %v, the data are %v", n.Input, c.Data.Image)
	case err == nil && n.Name != c.Network:
		err = fmt.Errorf("its name is %.60q, the run's network is %.60q", n.Name, c.Network)
	}
	if err != nil {
		return n, fmt.Errorf("%s: model: %w", ConfigFile, err)
	}
	return n, nil
}

// named is the network of a run of format 2, which had two.
func (c Config) named() (nets.Network, error) {
	if c.Model != nil {
		return nets.Network{}, fmt.Errorf("%s: has a model, which runs of format %d have not", ConfigFile, c.Format)
	}
	switch c.Network {
	case "mlp":
		return nets.MLP(c.Data.Image, c.Data.Classes), nil
	case "cnn":
		return nets.CNN(c.Data.Image, c.Data.Classes), nil
	}
	return nets.Network{}, fmt.Errorf("%s: network %.60q is not known; runs of format %d have mlp and cnn", ConfigFile, c.Network, c.Format)
}

// Like is the config in the format of an older one, which says less of the network.
func (c Config) Like(old Config) Config {
	if old.Format == namedFormat {
		c.Format, c.Model = old.Format, nil
	}
	return c
}

// LayerError says that a run's network has a layer of somebody's own that this
// program does not know.
type LayerError struct {
	Class    string   // the layer's type
	Packages []string // the Go packages with the network's own layers
}

func (e *LayerError) Error() string {
	text := fmt.Sprintf("its network has the layer %.60q, which this program does not know", e.Class)
	if len(e.Packages) == 0 { // it is in a package main
		return text + ": move the layer, which is in a program, into a package that calls nets.Register, and run a program that imports that"
	}
	return text + ": run a program that imports " + strings.Join(e.Packages, " and ")
}
