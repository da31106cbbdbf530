package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// unit is what a table shows a step's time in.
type unit struct {
	name   string
	of     func(seconds float64) float64
	digits int
}

var (
	milliseconds = unit{"ms", func(s float64) float64 { return 1e3 * s }, 3}
	microseconds = unit{"µs", func(s float64) float64 { return 1e6 * s }, 1}
)

func imagesPerSecond(batch float64) unit {
	return unit{"images/s", func(s float64) float64 { return batch / s }, 0}
}

// printTable prints the matches of a task, and under them who the peers are.
func printTable(w io.Writer, title string, u unit, matches []*match) {
	fmt.Fprintf(w, "%s; %s\n", title, u.name)
	fmt.Fprintf(w, "%-12s%20s  %20s   peer's time/ours\n", "", "ours", "peer")
	fmt.Fprintf(w, "%-12s%10s%10s  %10s%10s %9s%9s   round by round\n", "", "best", "median", "best", "median", "best", "median")
	for _, m := range matches {
		if m.err == nil {
			fmt.Fprintln(w, m.line(u))
		}
	}
	for _, m := range matches {
		fmt.Fprintln(w, "  "+m.note())
	}
	fmt.Fprintln(w)
}

func (m *match) line(u unit) string {
	ours, theirs := m.seconds()
	best, middle, each := m.ratios()
	var b strings.Builder
	fmt.Fprintf(&b, "%-12s", m.Peer)
	for _, seconds := range []float64{slices.Min(ours), median(ours), slices.Min(theirs), median(theirs)} {
		fmt.Fprintf(&b, "%10.*f", u.digits, u.of(seconds))
	}
	fmt.Fprintf(&b, " %9.2f%9.2f   %.2f (%.2f..%.2f)", best, middle, median(each), slices.Min(each), slices.Max(each))
	return b.String()
}

// note says who the peer is, or why it has no ratio.
func (m *match) note() string {
	who := fmt.Sprintf("%s %s, %s, %d threads", m.Peer, m.Version, m.Setup, m.Threads)
	if m.err != nil {
		return who + ": NO RATIO: " + m.err.Error()
	}
	return fmt.Sprintf("%s; its results differ from ours by %.1g at most%s", who, m.Difference, memory("; its process took %d MB", m.Peak))
}

// memory says how many megabytes some bytes are, and nothing of an unknown number.
func memory(format string, bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return fmt.Sprintf(format, bytes/1e6)
}
