package shell

import (
	"runtime/debug"
	"slices"
	"strings"
)

// house is the module of Stheno's own programs.
const house = "stheno"

// GoRun is how the user has go run start this program, which is Stheno's command of a
// name, or one of the user's own that is made of it: by the path of its package within
// its module.
func GoRun(name string) string { return goRun(name, built()) }

// GoRunCommand is how the user has go run start Stheno's command of a name: in
// Stheno's checkout, or in a module that requires it.
func GoRunCommand(name string) string { return goRunCommand(name, built()) }

func goRun(name string, info *debug.BuildInfo) string {
	switch {
	case inHouse(info) || info.Main.Path == house:
		return goRunCommand(name, info)
	case info.Main.Path == "": // of files, whose module is not told
		return "go run main.go"
	}
	return "go run ." + strings.TrimPrefix(info.Path, info.Main.Path)
}

func goRunCommand(name string, info *debug.BuildInfo) string {
	if inHouse(info) {
		return "go run ./cmd/" + name
	}
	return "go run " + house + "/cmd/" + name
}

// inHouse says whether a program was built in Stheno's checkout, as one is of which
// nothing is known.
func inHouse(info *debug.BuildInfo) bool {
	if info.Main.Path == "" {
		return !slices.ContainsFunc(info.Deps, func(m *debug.Module) bool { return m.Path == house })
	}
	return info.Main.Path == house && info.Main.Replace == nil && info.Main.Sum == ""
}

// built is how this program was built, as far as that is known.
func built() *debug.BuildInfo {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info
	}
	return new(debug.BuildInfo)
}
