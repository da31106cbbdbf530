package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// job is a peer's only argument.
type job struct {
	Net     string `json:"net"`
	Batch   int    `json:"batch"`
	Threads int    `json:"threads"`
	Images  string `json:"images"` // paths
	Labels  string `json:"labels"`
	Weights string `json:"weights"`
	Config  string `json:"config"` // the network, as Keras's config
	Choice  string `json:"choice"` // of a way to train, made before; "" is to be made
}

// command is a line to a peer.
type command struct {
	Do    string `json:"do"`              // train, check or predict
	Batch int    `json:"batch,omitempty"` // of a prediction; that of training is the job's
	Steps int    `json:"steps"`
}

// answer is a line from a peer: the first one is its hello, or says why it
// cannot take part; the others are what it did. Ours are of the same form.
type answer struct {
	Ready   bool     `json:"ready"`
	Missing string   `json:"missing"`
	Version string   `json:"version"`
	Setup   string   `json:"setup"`
	Choice  string   `json:"choice"`
	Threads int      `json:"threads"`
	Can     []string `json:"can"` // which commands

	Seconds       []float64 `json:"seconds"` // of each step
	Losses        []float64 `json:"losses"`  // of each step
	Peak          int64     `json:"peak"`    // the most memory of the process since its hello, in bytes
	Probabilities []float32 `json:"probabilities"`
}

// peer is a framework in a child process.
type peer struct {
	name   string
	hello  answer
	child  *exec.Cmd
	in     io.WriteCloser
	out    *json.Decoder
	stderr bytes.Buffer
}

// startAny starts a peer in the first interpreter that has its framework. Where the
// peer has tried several ways, it starts once more with the one that it has chosen:
// the others have left their memory behind.
func startAny(pythons []string, script string, j job) (*peer, error) {
	var why []error
	for _, python := range pythons {
		p, err := start(python, script, j)
		if err == nil && p.hello.Choice != "" {
			p.stop()
			j.Choice = p.hello.Choice
			p, err = start(python, script, j)
		}
		if err == nil {
			return p, nil
		}
		why = append(why, fmt.Errorf("%s: %w", python, err))
	}
	return nil, errors.New(strings.ReplaceAll(errors.Join(why...).Error(), "\n", "; "))
}

// start returns when the peer is ready.
func start(python, script string, j job) (*peer, error) {
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	p := &peer{child: exec.Command(python, script, string(text))}
	p.child.Env = append(os.Environ(), limits(j.Threads)...)
	p.child.Stderr = &p.stderr
	if p.in, err = p.child.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.child.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = json.NewDecoder(out)
	if err := p.child.Start(); err != nil {
		return nil, err
	}
	p.hello, err = p.read()
	if err == nil && !p.hello.Ready {
		err = errors.New(p.hello.Missing)
	}
	if err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// limits are the variables by which thread pools know how many they may be.
func limits(threads int) (env []string) {
	for _, name := range []string{"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"} {
		env = append(env, name+"="+strconv.Itoa(threads))
	}
	return env
}

// ask sends a command and waits for its answer.
func (p *peer) ask(c command) (answer, error) {
	if err := json.NewEncoder(p.in).Encode(c); err != nil {
		return answer{}, p.lost(err)
	}
	a, err := p.read()
	if err == nil && len(a.Seconds) != c.Steps {
		err = fmt.Errorf("it gave the time of %d steps instead of %d", len(a.Seconds), c.Steps)
	}
	return a, err
}

func (p *peer) read() (a answer, err error) {
	if err := p.out.Decode(&a); err != nil {
		return a, p.lost(err)
	}
	return a, nil
}

// lost says how a peer ended, with the last line of what it said of it.
func (p *peer) lost(err error) error {
	p.stop()
	lines := strings.Split(strings.TrimSpace(p.stderr.String()), "\n")
	return fmt.Errorf("its process is lost (%w, %v), and last said %q", err, p.child.ProcessState, lines[len(lines)-1])
}

// stop ends the child, which ends by itself when its stdin does.
func (p *peer) stop() {
	p.in.Close()
	killer := time.AfterFunc(5*time.Second, func() { p.child.Process.Kill() })
	defer killer.Stop()
	p.child.Wait() // how it ended matters to nobody but lost
}
