package shell

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
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

// GoRunHere and GoRunCommandHere are GoRun and GoRunCommand for a program that go run
// has started, from the folder where the user is: in one below its module's it is by
// the package's path.
func GoRunHere(name string) string {
	if info := built(); info.Main.Path != "" && !inFolder(info) {
		return "go run " + info.Path
	}
	return GoRun(name)
}

func GoRunCommandHere(name string) string {
	if info := built(); info.Main.Path == house && !inFolder(info) {
		return "go run " + house + "/cmd/" + name
	}
	return GoRunCommand(name)
}

func goRun(name string, info *debug.BuildInfo) string {
	switch {
	case inHouse(info) || info.Main.Path == house:
		return goRunCommand(name, info)
	case info.Main.Path == "": // of files, whose module is not told
		return "go run " + Quoted(filepath.ToSlash(mainFile()))
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

// module is the line of a go.mod that says which it is.
var module = regexp.MustCompile(`(?m)^module[ \t]+"?([^"\s]+)`)

// inFolder says whether the user is in the folder of the program's module; a test
// counts as if.
func inFolder(info *debug.BuildInfo) bool {
	content, err := os.ReadFile("go.mod")
	line := module.FindSubmatch(content)
	return strings.HasSuffix(info.Path, ".test") || err == nil && line != nil && string(line[1]) == info.Main.Path
}

// mainFile is where the program's main is, as seen from the user's folder, as far as
// the caller and the build tell.
func mainFile() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	for frame, more := frames.Next(); ; frame, more = frames.Next() {
		if frame.Function == "main.main" {
			here, err := os.Getwd()
			if path, far := filepath.Rel(here, frame.File); err == nil && far == nil {
				return path
			}
			return filepath.Base(frame.File)
		}
		if !more {
			return "main.go"
		}
	}
}
