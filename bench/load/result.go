package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"
)

// result is what a crowd has seen.
type result struct {
	latencies []time.Duration // of the answers, not of the refusals
	refused   int
	took      time.Duration
	batch     float64 // images of an execution, in the mean
}

// rate is how many answers a second there were.
func (r result) rate() float64 {
	if r.took == 0 {
		return 0
	}
	return float64(len(r.latencies)) / r.took.Seconds()
}

// sent is how many requests a second there were.
func (r result) sent() float64 { return float64(len(r.latencies)+r.refused) / r.took.Seconds() }

// quantile is in milliseconds.
func (r result) quantile(q float64) float64 {
	if len(r.latencies) == 0 {
		return 0
	}
	slices.Sort(r.latencies)
	return float64(r.latencies[int(q*float64(len(r.latencies)-1))]) / 1e6
}

// round is what one round has seen: each request by itself, batched, and too many.
type round struct{ single, batched, over result }

func (r round) gain() float64 { return r.batched.rate() / r.single.rate() }

// goodput is the part of what the round could answer that is answered in the overload.
func (r round) goodput() float64 { return r.over.rate() / r.batched.rate() }

// middle is the round with the median of a figure, and its range.
func middle(rounds []round, of func(round) float64) (median round, low, high float64) {
	sorted := slices.SortedFunc(slices.Values(rounds), func(a, b round) int { return cmp.Compare(of(a), of(b)) })
	return sorted[len(sorted)/2], of(sorted[0]), of(sorted[len(sorted)-1])
}

// summarize writes the rounds with the median gain and the median goodput.
func summarize(s settings, rounds []round, w io.Writer, net string) {
	m, low, high := middle(rounds, round.gain)
	m.single.write(w, net, fmt.Sprintf("%d clients, -batch 1", s.clients))
	m.batched.write(w, net, fmt.Sprintf("%d clients, -batch 256", s.clients))
	fmt.Fprintf(w, "%-4s batching: %.2f times the answers (%.2f..%.2f)\n", net, m.gain(), low, high)
	m, low, high = middle(rounds, round.goodput)
	m.over.write(w, net, fmt.Sprintf("%.1f x %.0f/s, -queue %d", s.over, m.batched.rate(), s.queue))
	fmt.Fprintf(w, "%-4s overload: %.0f requests/s were sent, %.2f of what the round could answer were answered (%.2f..%.2f)\n", net, m.over.sent(), m.goodput(), low, high)
}

func (r result) write(w io.Writer, net, what string) {
	fmt.Fprintf(w, "%-4s %-22s %10.0f %9.2f %9.2f %11.1f %9d\n", net, what, r.rate(), r.quantile(0.5), r.quantile(0.99), r.batch, r.refused)
}

// closed is clients of whom each asks again when it has its answer.
func closed(addr, model string, s settings) (result, error) {
	end := time.Now().Add(s.duration)
	return crowd(addr, model, s, s.clients, func(int, int) bool { return time.Now().Before(end) })
}

// overload is clients who together ask so many times a second, whether or not
// there are answers; a client that is behind asks at once.
func overload(addr, model string, s settings, rate float64) (result, error) {
	began := time.Now().Add(100 * time.Millisecond)
	each := time.Duration(float64(s.connections) / rate * float64(time.Second))
	return crowd(addr, model, s, s.connections, func(client, request int) bool {
		at := time.Duration(request)*each + each*time.Duration(client)/time.Duration(s.connections)
		if at > s.duration || time.Since(began) > s.duration {
			return false
		}
		time.Sleep(time.Until(began.Add(at)))
		return true
	})
}
