package command

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"stheno/cmd/internal/shell"
	"stheno/data"
	"stheno/nets"
	"stheno/nets/run"
)

// Program is a training command: one that trains one network, or with no Network
// whichever -net names.
type Program struct {
	Name    string // of the command, and of its network if it has one
	About   string // the network in a few words
	Network func(image [3]int, classes int) nets.Network

	binary string      // as it was started; empty for go run
	guest  bool        // whether it trains in another program
	ranks  *ranks      // nil for a process alone
	net    string      // the network's name, once it is known
	stored *run.Config // of the run that is resumed; nil of a new one
}

// named makes the program one of the network that -net names.
func (a Program) named(net string) (Program, error) {
	if a.Network != nil {
		a.net = a.Name
		return a, nil
	}
	about, err := nets.About(net)
	if err != nil {
		return a, shell.Usagef("-net %s: there are %s", shell.Quoted(net), strings.Join(nets.NetworkNames(), ", "))
	}
	a.net, a.About = net, about
	a.Network = func(image [3]int, classes int) nets.Network {
		n, _ := nets.Named(net, image, classes) // which About has found
		return n
	}
	return a, nil
}

// ownName is the name of the network of a program that has one; empty of a program
// that has none, and for images that cannot be.
func (a Program) ownName(images run.Source) string {
	if a.Network == nil || min(images.Image[0], images.Image[1], images.Image[2], images.Classes) < 1 {
		return ""
	}
	return a.Network(images.Image, images.Classes).Name
}

// resuming makes the program one of a run's network, which must be its own, if it
// has one.
func (a Program) resuming(c run.Config) Program {
	a.net, a.stored = c.Network, &c
	return a
}

// network is the program's, for a run's images: of a run that is resumed the one
// that it has.
func (a Program) network(s *settings, set *data.Dataset) (nets.Network, error) {
	if a.stored == nil {
		return a.Network(set.Train.Shape(), set.Classes).WithDropout(s.Dropout), nil
	}
	stored, err := a.stored.Net()
	if err != nil {
		return stored, fmt.Errorf("-resume %s: %w", s.resume, err)
	}
	if a.stored.Model == nil { // of format 2, whose network was not written down
		stored = stored.WithDropout(s.Dropout)
	}
	if a.Network == nil {
		return stored, nil
	}
	own := a.Network(set.Train.Shape(), set.Classes).WithDropout(s.Dropout)
	if d := nets.SameNetwork(own, stored); d != "" {
		return own, fmt.Errorf("-resume %s: this program's network is not the run's: %s", s.resume, d)
	}
	return own, nil
}

// trainer is the program that trains a network of a name.
func (a Program) trainer(net string) string {
	if net == "mlp" || net == "cnn" {
		return a.sibling(net)
	}
	return a.sibling("train")
}

// command is how the user starts the program.
func (a Program) command() string {
	switch {
	case a.binary != "":
		return shell.Quoted(a.binary)
	case a.guest:
		return shell.GoRunCommand(a.Name)
	}
	return shell.GoRunHere(a.Name)
}

// sibling is how the user starts another of the commands: the program beside this
// one, where there is one.
func (a Program) sibling(name string) string {
	beside := filepath.Join(filepath.Dir(a.binary), name+filepath.Ext(a.binary))
	if _, err := os.Stat(beside); a.binary != "" && err == nil {
		return shell.Quoted(filepath.ToSlash(beside))
	}
	if a.binary == "" && !a.guest {
		return shell.GoRunCommandHere(name)
	}
	return shell.GoRunCommand(name)
}
