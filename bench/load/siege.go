package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	pause    = 2 * time.Millisecond   // between an answer to the program and what it asks next
	knocking = 100 * time.Millisecond // between two probes, each on a connection of its own
	patience = 2 * time.Second        // of a probe
	gather   = 2 * time.Second        // for a crowd, before the program is measured; no longer than -for
)

func attackNames() (names []string) {
	for _, k := range attacks {
		names = append(names, k.name)
	}
	return names
}

// attacksNamed are those of a list, in its order; none for none.
func attacksNamed(list string) (found []attack, err error) {
	switch list {
	case "":
		return nil, nil
	case "all":
		return attacks, nil
	}
	for name := range strings.SplitSeq(list, ",") {
		i := slices.Index(attackNames(), name)
		if i < 0 {
			return nil, fmt.Errorf("-attack %q is unknown: there are all, %s", name, strings.Join(attackNames(), ", "))
		}
		found = append(found, attacks[i])
	}
	return found, nil
}

// siege is what a program, probes and the server's memory have seen of an attack.
type siege struct {
	quiet, attacked     result
	lost                int   // answers to the program that did not come while it was patient
	knocked, unanswered int64 // probes of health, and an inference by a new client
	memory, grown       int64 // bytes: before, and the most that came to it
	said                string
}

// slower is how many times as long the program waits for the slowest of a hundred.
func (g siege) slower() float64 { return g.attacked.quantile(0.99) / g.quiet.quantile(0.99) }

// besiege measures the attacks, one server for each and round, quietly first.
func besiege(s settings, stdout, stderr io.Writer) error {
	dir, err := os.MkdirTemp("", "load")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, err := build(s, dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%-4s %-9s %5s %20s %20s %7s %12s %17s %14s  %s\n", "net", "attack", "round", "quiet p50, p99 ms", "attacked p50, p99", "times", "asked, lost", "knocked, in vain", "RSS, grown MB", "what the attackers got")
	for _, name := range s.nets {
		run := filepath.Join(dir, name)
		if err := writeRun(run, name); err != nil {
			return err
		}
		for round := range s.rounds {
			for _, k := range s.attacks {
				var g siege
				err := with(s, program, stderr, []string{run}, func(addr string, pid int) (err error) {
					g, err = k.measure(addr, pid, name, s)
					return err
				})
				if err != nil {
					return err
				}
				g.write(stdout, name, k.name, round+1)
			}
		}
	}
	return nil
}

func (g siege) write(w io.Writer, net, attack string, round int) {
	const mb = 1 << 20
	fmt.Fprintf(w, "%-4s %-9s %5d %12.2f %7.2f %12.2f %7.2f %7.2f %7d %4d %10d %6d %8d %5d  %s\n", net, attack, round,
		g.quiet.quantile(0.5), g.quiet.quantile(0.99), g.attacked.quantile(0.5), g.attacked.quantile(0.99), g.slower(), len(g.attacked.latencies), g.lost,
		g.knocked, g.unanswered, g.memory/mb, g.grown/mb, g.said)
}

// measure measures a server quietly, and then while the attack is on.
func (k attack) measure(addr string, pid int, model string, s settings) (g siege, err error) {
	list, err := questions(addr, model, s)
	if err != nil {
		return g, err
	}
	if g.quiet, _, err = program(addr, list, s); err != nil {
		return g, err
	}
	g.memory = resident(pid)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	report, err := k.send(ctx, addr, model, s)
	if err != nil {
		return g, err
	}
	watched := make(chan int64)
	go func() { watched <- most(ctx, pid) }()
	time.Sleep(min(gather, s.duration))
	go g.knock(ctx, addr)
	g.attacked, g.lost, err = program(addr, list, s)
	cancel()
	g.grown = <-watched - g.memory
	g.said = report()
	return g, err
}

// send has the attack come from a process of its own, as attackers do, until ctx ends.
func (k attack) send(ctx context.Context, addr, model string, s settings) (report func() string, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-attack", k.name, "-against", addr, "-net", model, "-attackers", strconv.Itoa(s.attackers), "-open", strconv.Itoa(s.open))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	hold, err := cmd.StdinPipe() // its end is the attack's
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	said := make(chan string, 1)
	context.AfterFunc(ctx, func() { hold.Close() })
	lines := bufio.NewReader(out)
	_, err = lines.ReadString('\n') // that it has begun
	go func() {
		line, _ := lines.ReadString('\n')
		_ = cmd.Wait()
		said <- strings.TrimSpace(line)
	}()
	return func() string { return <-said }, err
}

// assail is the attackers' process: it says when it has begun, attacks until stdin
// ends, and says what the attackers got.
func assail(s settings, stdin io.Reader, stdout io.Writer) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	t := newTally()
	wait := s.attacks[0].begin(ctx, s.against, s.nets[0], s, t)
	go func() {
		<-t.begun
		fmt.Fprintln(stdout, "begun")
	}()
	_, _ = io.Copy(io.Discard, stdin)
	fmt.Fprintf(stdout, "%v; %d connections held\n", t, t.held.Load())
	cancel()
	wait()
	return nil
}

// program is a client that asks, takes a breath and asks again. It begins on a new
// connection, and does so again when it has waited too long: such an answer counts
// with the time that it was waited for.
func program(addr string, list []question, s settings) (r result, lost int, err error) {
	var c *connection
	defer func() {
		if c != nil {
			c.Close()
		}
	}()
	end := time.Now().Add(s.duration)
	for n := 0; time.Now().Before(end); n++ {
		time.Sleep(pause)
		q, began := list[n%len(list)], time.Now()
		status, answer, err := 0, []byte(nil), error(nil)
		if c == nil {
			c, err = connect(addr)
		}
		if err == nil {
			c.asked = 1 // its deadline is ours
			c.SetDeadline(began.Add(patience))
			status, answer, err = c.ask(q.request)
		}
		r.latencies = append(r.latencies, time.Since(began))
		switch {
		case err != nil:
			lost++
			if c != nil {
				c.Close()
			}
			c = nil
		case status == http.StatusServiceUnavailable:
			r.refused++
		case status != http.StatusOK || !bytes.Equal(answer, q.answer):
			return r, lost, fmt.Errorf("status %d: %s; a lone client gets %s", status, answer, q.answer)
		}
	}
	return r, lost, nil
}

// knock asks for the server's health, each time on a new connection.
func (g *siege) knock(ctx context.Context, addr string) {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	for ctx.Err() == nil {
		answer, err := client.Get("http://" + addr + "/v2/health/live")
		if err == nil {
			answer.Body.Close()
		}
		if ctx.Err() == nil {
			atomic.AddInt64(&g.knocked, 1)
			if err != nil || answer.StatusCode != http.StatusOK {
				atomic.AddInt64(&g.unanswered, 1)
			}
		}
		time.Sleep(knocking)
	}
}

// most is the most memory that a process has until ctx ends.
func most(ctx context.Context, pid int) (bytes int64) {
	for ctx.Err() == nil {
		bytes = max(bytes, resident(pid))
		time.Sleep(10 * time.Millisecond)
	}
	return bytes
}

// resident is a process's memory as Linux tells it; 0 elsewhere.
func resident(pid int) int64 {
	text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "statm"))
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
