package progress

import "regexp"

// through are the packages whose names Go's errors begin with, by custom: a
// reader of code wants to know where an error is from, a user what to do.
var through = regexp.MustCompile(`(^|: |\n)(?:(?:train|nets|graph|kernel|data|digit|augment|safetensors|keras|hdf5|onnx|dot|durable|batcher|views|report|group): )+`)

// Words are an error's as a program's user reads them: without the names of the
// packages that it came through.
func Words(err error) string { return through.ReplaceAllString(err.Error(), "$1") }
