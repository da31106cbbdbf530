// Package shell is what the commands and the shell that starts them tell each
// other: exit codes, wrong command lines, errors in a user's words, and values that
// can be pasted back.
package shell

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"stheno/nets/run"
)

// Exit codes. A signal's is 128 plus its number, as shells have it.
const (
	OK      = 0
	Failure = 1
	Wrong   = 2 // the command line
)

// Usage is the error of a wrong command line.
type Usage string

func (u Usage) Error() string { return string(u) }

// Usagef is a Usage in fmt's words.
func Usagef(format string, args ...any) error { return Usage(fmt.Sprintf(format, args...)) }

// Code is how a program of a name ends with err, which it tells in a line: 0 for
// none, and for the help that -h asks for; 2 for a Usage; 1 for any other.
func Code(err error, program string, stderr io.Writer) int {
	usage := Usage("")
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return OK
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "%s: %s (%[1]s -h shows all flags)\n", program, Words(err))
		return Wrong
	}
	fmt.Fprintf(stderr, "%s: %s\n", program, Words(err))
	if own := (*run.LayerError)(nil); errors.As(err, &own) && len(own.Packages) > 0 {
		fmt.Fprint(stderr, withLayers(program, own.Packages))
	}
	return Failure
}

// Quoted makes an empty or odd value visible, and safe to paste into a shell.
func Quoted(value string) string {
	if value == "" || strings.ContainsFunc(value, func(r rune) bool { return !strings.ContainsRune(plain, r) }) {
		return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	}
	return value
}

const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=+,@%"
