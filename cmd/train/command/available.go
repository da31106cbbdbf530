package command

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// availableMemory is what this process may still take. Tests replace it.
var availableMemory = func() (bytes int, known bool) { return system{"/"}.available() }

// system is where Linux tells of memory: files below the root of the file system.
// On other systems there are none, and nothing is known.
type system struct{ root string }

// available is the least of what the machine has left, of what the limits of the
// process's control group and of all groups above it leave, and of what ulimit
// leaves to the process itself.
func (s system) available() (bytes int, known bool) {
	bytes = math.MaxInt
	least := func(n int, ok bool) {
		if ok {
			bytes, known = min(bytes, max(0, n)), true
		}
	}
	least(s.field("proc/meminfo", "MemAvailable:", 1<<10))
	for _, dir := range s.groups() {
		least(s.left(dir))
	}
	least(s.limitLeft("Max address space", "VmSize:"))
	least(s.limitLeft("Max data size", "VmData:"))
	return bytes, known
}

// left is what the limit of a control group leaves, of version 2 or 1. Its files in
// the page cache count as free, as they do in MemAvailable: the kernel gives them
// back before it ends a process.
func (s system) left(dir string) (int, bool) {
	for _, names := range [][2]string{{"memory.max", "memory.current"}, {"memory.limit_in_bytes", "memory.usage_in_bytes"}} {
		limit, ok := s.number(filepath.Join(dir, names[0]))
		used, ok2 := s.number(filepath.Join(dir, names[1]))
		if !ok || !ok2 {
			continue
		}
		stat, cached := filepath.Join(dir, "memory.stat"), 0
		for _, list := range []string{"inactive_file", "active_file"} {
			n, ok := s.field(stat, "total_"+list, 1) // version 1: with the groups below
			if !ok {
				n, _ = s.field(stat, list, 1)
			}
			cached += n
		}
		return limit - max(0, used-cached), true
	}
	return 0, false
}

// groups are the folders of the process's own control group for memory, and of
// those above it, as far as they are mounted here.
func (s system) groups() (dirs []string) {
	paths := s.groupPaths()
	for line := range strings.Lines(s.read("proc/self/mountinfo")) {
		before, after, ok := strings.Cut(strings.TrimSpace(line), " - ") // what a mount shows of what, and of which kind that is
		mount, kind := strings.Fields(before), strings.Fields(after)
		if !ok || len(mount) < 5 || len(kind) < 3 {
			continue
		}
		path, ok := paths[kind[0]]
		if !ok || kind[0] == "cgroup" && !hasOption(kind[2], "memory") {
			continue
		}
		shown, point := unescape(mount[3]), unescape(mount[4])
		below, err := filepath.Rel(shown, path)
		if err != nil || below == ".." || strings.HasPrefix(below, "../") {
			below = "." // the mount shows another part: then at least the limits of that
		}
		for {
			dirs = append(dirs, filepath.Join(point, below))
			if below == "." {
				break
			}
			below = filepath.Dir(below)
		}
	}
	return dirs
}

// groupPaths are the paths of the process's group by the file system that has it:
// cgroup2, and cgroup for version 1's controller of memory.
func (s system) groupPaths() map[string]string {
	paths := make(map[string]string)
	for line := range strings.Lines(s.read("proc/self/cgroup")) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		switch {
		case len(parts) < 3:
		case parts[0] == "0" && parts[1] == "":
			paths["cgroup2"] = parts[2]
		case hasOption(parts[1], "memory"):
			paths["cgroup"] = parts[2]
		}
	}
	return paths
}

func hasOption(list, option string) bool {
	return strings.Contains(","+list+",", ","+option+",")
}

var escaped = regexp.MustCompile(`\\[0-7]{3}`)

// unescape reads a path of mountinfo, where a blank is \040.
func unescape(path string) string {
	return escaped.ReplaceAllStringFunc(path, func(code string) string {
		n, err := strconv.ParseUint(code[1:], 8, 8)
		if err != nil {
			return code
		}
		return string([]byte{byte(n)})
	})
}

// allowance is memory that a program takes beside what it is asked for: Go takes
// address space in large pieces, and threads need some.
const allowance = 128 << 20

// limitLeft is what one of the process's own limits leaves (ulimit -v, ulimit -d).
func (s system) limitLeft(limit, use string) (int, bool) {
	for line := range strings.Lines(s.read("proc/self/limits")) {
		if values, ok := strings.CutPrefix(line, limit); ok {
			fields := strings.Fields(values) // the soft limit, the hard one, the unit
			if len(fields) == 0 {
				return 0, false
			}
			n, err := strconv.Atoi(fields[0]) // or "unlimited"
			used, ok := s.field("proc/self/status", use, 1<<10)
			return n - used - allowance, err == nil && ok
		}
	}
	return 0, false
}

// field reads the number behind a key at the beginning of a line, in units of so
// many bytes.
func (s system) field(path, key string, unit int) (int, bool) {
	for line := range strings.Lines(s.read(path)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == key {
			n, err := strconv.Atoi(fields[1])
			return n * unit, err == nil
		}
	}
	return 0, false
}

// number reads a file with one number; control groups write "max" for no limit.
func (s system) number(path string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(s.read(path)))
	return n, err == nil
}

// read is a file's content; empty if it cannot be read.
func (s system) read(path string) string {
	content, err := os.ReadFile(filepath.Join(s.root, path))
	if err != nil {
		return ""
	}
	return string(content)
}
