package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"stheno/data"
	"stheno/nets"
)

//go:embed python/*.py
var scripts embed.FS

// session is one run of the command.
type session struct {
	settings
	set            *data.Dataset
	stdout, stderr io.Writer
	results        []result
	failures       []error
}

// result is a network and a task, with the matches that were played.
type result struct {
	Net, Task string
	Batch     int
	Peak      int64 `json:",omitempty"` // bytes of a process of ours that does nothing else, at most
	Matches   []*match
}

// measure does what the settings say, and prints it.
func measure(s settings, stdout, stderr io.Writer) error {
	set, err := data.Open("")
	if err != nil {
		return err
	}
	if set.Train, err = wholeBatches(set.Train, s.batch); err != nil {
		return err
	}
	m, before := thisMachine(s.threads), readTicks()
	m.print(stdout)
	run := &session{settings: s, set: set, stdout: stdout, stderr: stderr}
	for _, net := range s.nets {
		if err := run.network(net); err != nil {
			return err
		}
	}
	m.Steal = before.steal(readTicks())
	fmt.Fprintln(stdout, "steal:", m.Steal)
	return errors.Join(append(run.failures, run.writeJSON(m))...)
}

// network plays all tasks of a network.
func (s *session) network(name string) error {
	net, err := nets.Named(name, s.set.Train.Shape(), s.set.Classes)
	if err != nil {
		return err
	}
	folder, err := writeFolder(net)
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	peers, err := s.start(name, folder)
	if err != nil {
		return err
	}
	defer func() {
		for _, p := range peers {
			p.stop()
		}
	}()
	for _, t := range tasks(s.settings) {
		r := result{Net: name, Task: t.name, Batch: t.batch}
		if t.name == "train" && len(peers) > 0 {
			if r.Peak, err = s.alone(name); err != nil {
				return err
			}
		}
		for _, p := range peers {
			if slices.Contains(p.hello.Can, t.name) {
				fmt.Fprintf(s.stderr, "%s: %s, batch %d: %s warms up\n", name, t.name, t.batch, p.name)
				r.Matches = append(r.Matches, s.prepare(t, net, p))
			}
		}
		if len(r.Matches) > 0 {
			s.play(t, r)
		}
	}
	return nil
}

// play plays the matches of a task, and prints them.
func (s *session) play(t task, r result) {
	fmt.Fprintf(s.stderr, "%s: %s, batch %d: %d rounds\n", r.Net, t.name, t.batch, s.rounds)
	n := t.turns(r.Matches)
	play(r.Matches, s.rounds, n)
	title := fmt.Sprintf("%s: %s, %d rounds of %d%s", r.Net, t.title, s.rounds, n, memory("; a process of ours takes %d MB", r.Peak))
	printTable(s.stdout, title, t.unit, r.Matches)
	for _, m := range r.Matches {
		m.close()
		if m.err != nil {
			s.failures = append(s.failures, fmt.Errorf("%s: %s: %s: %w", r.Net, t.name, m.Peer, m.err))
		}
	}
	s.results = append(s.results, r)
}

// start starts the peers of a network. Those that are missing are missing for
// the next network too, and said to be so once.
func (s *session) start(name, folder string) (started []*peer, err error) {
	here := s.peers[:0:0]
	for _, peer := range s.peers {
		fmt.Fprintf(s.stderr, "%s: %s starts\n", name, peer)
		p, err := startAny(s.pythons, filepath.Join(folder, "python", peer+"_peer.py"), s.job(name, folder))
		if err != nil {
			fmt.Fprintf(s.stdout, "missing: %s: %v; to install it: %s\n", peer, err, installs[peer])
			continue
		}
		p.name = peer
		started, here = append(started, p), append(here, peer)
	}
	s.peers = here
	return started, nil
}

// weights is the file of the weights that everybody begins with.
const weights = "initial.safetensors"

// config is the file of the network, as Keras's config.
const config = "network.json"

// writeFolder makes a folder with what peers read: their scripts, network and weights.
func writeFolder(net nets.Network) (folder string, err error) {
	m, err := newModel(net)
	if err != nil {
		return "", err
	}
	if folder, err = os.MkdirTemp("", "stheno-peers-"); err != nil {
		return "", err
	}
	var b bytes.Buffer
	text, err := net.MarshalJSON()
	err = errors.Join(err, os.CopyFS(folder, scripts), m.WriteWeights(&b))
	if err == nil {
		err = errors.Join(os.WriteFile(filepath.Join(folder, weights), b.Bytes(), 0o600), os.WriteFile(filepath.Join(folder, config), text, 0o600))
	}
	if err != nil {
		os.RemoveAll(folder)
	}
	return folder, err
}

// job is what a peer has to know.
func (s *session) job(net, folder string) job {
	j := job{Net: net, Batch: s.batch, Threads: s.threads, Weights: filepath.Join(folder, weights), Config: filepath.Join(folder, config)}
	for _, f := range s.set.Files {
		switch f.Name {
		case "train-images":
			j.Images = f.Path
		case "train-labels":
			j.Labels = f.Path
		}
	}
	return j
}

func (s *session) writeJSON(m machine) error {
	if s.json == "" {
		return nil
	}
	text, err := json.Marshal(struct {
		Machine machine
		Results []result
	}{m, s.results})
	if err != nil {
		return err
	}
	return os.WriteFile(s.json, append(text, '\n'), 0o644)
}
