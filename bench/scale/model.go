package main

import (
	"fmt"
	"io"
)

// network is what a message costs: alpha seconds, and bytes/beta.
type network struct {
	name        string
	alpha, beta float64
}

// networks are assumptions, not measurements: what such hardware usually gives,
// nine tenths of the line's rate.
var networks = []network{
	{"1 Gbit/s", 50e-6, 0.11e9},
	{"10 Gbit/s", 20e-6, 1.1e9},
	{"25 Gbit/s", 15e-6, 2.8e9},
	{"100 Gbit/s", 2e-6, 11e9},
}

// adding is what it takes to add a byte to a sum: 1/8 ns.
const adding = 1.0 / 8e9

// images are an epoch.
const images = 60_000

// sum is how many seconds n ranks take to sum so many bytes:
//
//	2(n-1)·alpha + 2(n-1)/n · bytes/beta + (n-1)/n · bytes·adding
func (w network) sum(n, bytes int) float64 {
	k := float64(n - 1)
	share := k / float64(n) * float64(bytes)
	return 2*k*w.alpha + 2*share/w.beta + share*adding
}

// compute is how many seconds a rank takes for so many rows: a line through the
// two batches that were measured.
func (s settings) compute(rows float64) float64 {
	row := (s.step - s.short) / (128 - 8)
	return (s.short + (rows-8)*row) / 1e3
}

// table prints how many times as fast as one rank n ranks are, by the model: with
// the batch dealt out to them, which is the same training, and with as many rows
// for each, which is training with larger batches.
func table(out io.Writer, s settings) {
	fmt.Fprintf(out, "by the model, from steps of %.1f ms (128 rows) and %.1f ms (8 rows) and %d elements\n", s.step, s.short, s.params)
	for _, c := range []struct {
		title string
		rows  func(n int) float64 // of a rank
	}{
		{"a batch of 128 dealt out: the same training", func(n int) float64 { return 128 / float64(n) }},
		{"128 rows a rank: batches of 128 n", func(int) float64 { return 128 }},
	} {
		fmt.Fprintf(out, "\n%s\nranks   steps", c.title)
		for _, w := range networks {
			fmt.Fprintf(out, "  %16s", w.name)
		}
		fmt.Fprintln(out)
		for n := 1; n <= 1024; n *= 2 {
			rows := c.rows(n)
			if rows < 1 {
				break
			}
			steps := images / (rows * float64(n))
			fmt.Fprintf(out, "%5d %7.0f", n, max(1, steps))
			for _, w := range networks {
				epoch := max(1, steps) * (s.compute(rows) + w.sum(n, 4*s.params))
				once := images / 128 * s.compute(128)
				fmt.Fprintf(out, "  %7.1f s %5.1f x", epoch, once/epoch)
			}
			fmt.Fprintln(out)
		}
	}
}
