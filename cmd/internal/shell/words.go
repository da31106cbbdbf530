package shell

import (
	"regexp"
	"strings"
)

// through are the packages whose names Go's errors begin with, by custom: a
// reader of code wants to know where an error is from, a user what to do.
var through = regexp.MustCompile(`(^|: |\n)(?:(?:run|train|nets|graph|kernel|data|digit|augment|safetensors|keras|hdf5|onnx|dot|durable|batcher|views|report|group): )+`)

// call is the system call before a path that is not there, which says no more.
var call = regexp.MustCompile(`(^|: )l?(?:open|stat) ([^:\n]+: (?:no such file or directory|not a directory|permission denied))`)

// Words are an error's as a program's user reads them: without the names of the
// packages that it came through and of system calls, several in one line. Where the
// program itself is at fault, the trace that tells its authors keeps its lines.
func Words(err error) string {
	text := call.ReplaceAllString(through.ReplaceAllString(err.Error(), "$1"), "$1$2")
	text, trace, found := strings.Cut(text, "\ngoroutine ")
	text = strings.ReplaceAll(text, "\n", "; ")
	if found {
		text += "\ngoroutine " + trace
	}
	return text
}
