package command

import (
	"cmp"
	"fmt"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// versions are those of Go, of this program where the build knows it, of the
// processors that it was built for, and of the modules that compute.
func versions() map[string]string {
	v := map[string]string{"go": runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v["stheno"] = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				v["modified"] = s.Value
			}
		case "GOARCH", "GOAMD64", "GOARM64":
			v[s.Key] = s.Value
		}
	}
	for _, dep := range info.Deps {
		switch dep.Path {
		case "gorgonia.org/gorgonia", "gorgonia.org/tensor", "gonum.org/v1/gonum":
			v[dep.Path] = dep.Version
		}
	}
	return v
}

// rebuilt says in which of its versions a build is another one than that which a
// run was begun by; empty if in none.
func rebuilt(was, is map[string]string) string {
	names := maps.Clone(is)
	maps.Copy(names, was)
	var changes []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if was[name] != is[name] {
			changes = append(changes, fmt.Sprintf("%s %.40s, not %.40s", name, cmp.Or(is[name], "unknown"), cmp.Or(was[name], "unknown")))
		}
	}
	return strings.Join(changes, "; ")
}
