package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/run"
)

// measure writes the tables.
func measure(s settings, stdout, stderr io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "load")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	program, err := build(s, dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%-4s %-22s %10s %9s %9s %11s %9s\n", "net", "what", "answers/s", "p50 ms", "p99 ms", "mean batch", "refused")
	for _, name := range s.nets {
		run := filepath.Join(dir, name)
		if err := writeRun(run, name); err != nil {
			return err
		}
		if err := measureNet(s, program, run, name, stdout, stderr); err != nil {
			return err
		}
	}
	return nil
}

// build builds the server into a folder, unless one is given.
func build(s settings, dir string) (program string, err error) {
	if s.program != "" {
		return s.program, nil
	}
	program = filepath.Join(dir, "serve")
	if out, err := exec.Command("go", "build", "-o", program, "stheno/cmd/serve").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return program, nil
}

// writeRun makes a run's folder with random weights for MNIST's images.
func writeRun(dir, name string) error {
	network, err := nets.Named(name, [3]int{28, 28, 1}, 10)
	if err != nil {
		return err
	}
	m, err := nets.New(network, tensor.Float32, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		return err
	}
	f := run.Folder(dir)
	config, err := run.NewConfig(m)
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(dir, 0o777), f.WriteJSON(run.ConfigFile, config), f.WriteModel(m))
}

// measureNet measures a network in rounds: without batching, with it, and with too
// many requests for what that round could answer, as a shared machine changes.
func measureNet(s settings, program, run, name string, stdout, stderr io.Writer) error {
	var rounds []round
	for range s.rounds {
		var r round
		for _, m := range []struct {
			args []string
			into *result
			ask  func(addr string) (result, error)
		}{
			{[]string{"-batch", "1"}, &r.single, func(addr string) (result, error) { return closed(addr, name, s) }},
			{[]string{"-batch", "256"}, &r.batched, func(addr string) (result, error) { return closed(addr, name, s) }},
			{[]string{"-queue", fmt.Sprint(s.queue)}, &r.over, func(addr string) (result, error) { return overload(addr, name, s, s.over*r.batched.rate()) }},
		} {
			err := with(s, program, stderr, append(m.args, run), func(addr string, _ int) (err error) {
				*m.into, err = m.ask(addr)
				return err
			})
			if err != nil {
				return err
			}
		}
		rounds = append(rounds, r)
	}
	summarize(s, rounds, stdout, name)
	return nil
}

// with starts a server, lets work ask it, and stops it.
func with(s settings, program string, stderr io.Writer, args []string, work func(addr string, pid int) error) error {
	line := append([]string{program, "-addr", "127.0.0.1:0", "-threads", fmt.Sprint(s.threads), "-cpuprofile", s.profile}, args...)
	if s.cpus != "" {
		line = append([]string{"taskset", "-c", s.cpus}, line...)
	}
	cmd := exec.Command(line[0], line[1:]...)
	log := &strings.Builder{}
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer cmd.Process.Kill()
	text := make([]byte, 1000)
	n, _ := stdout.Read(text)
	_, url, ok := strings.Cut(strings.TrimSpace(string(text[:n])), "http://")
	if !ok {
		cmd.Wait()
		return fmt.Errorf("the server has not begun: %s", log)
	}
	failed := work(strings.TrimSuffix(url, "/"), cmd.Process.Pid)
	cmd.Process.Signal(syscall.SIGTERM)
	killer := time.AfterFunc(15*time.Second, func() { cmd.Process.Kill() })
	defer killer.Stop()
	if err := cmd.Wait(); err != nil || failed != nil {
		fmt.Fprint(stderr, log)
		return errors.Join(failed, err)
	}
	return nil
}
