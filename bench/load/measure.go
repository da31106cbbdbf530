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
	"stheno/nets/train"
)

// measure writes the tables.
func measure(s settings, stdout, stderr io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "load")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	program := filepath.Join(dir, "serve")
	if out, err := exec.Command("go", "build", "-o", program, "stheno/cmd/serve").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
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

// writeRun makes a run's folder with random weights for MNIST's images.
func writeRun(dir, name string) error {
	image := [3]int{28, 28, 1}
	network, err := nets.Named(name, image, 10)
	if err != nil {
		return err
	}
	m, err := nets.New(network, tensor.Float32, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		return err
	}
	f := train.Folder(dir)
	config := train.Config{Format: train.ConfigFormat, Network: name, Settings: train.Settings{Conv: "auto"}, Data: train.Source{Image: image, Classes: 10}}
	return errors.Join(os.MkdirAll(dir, 0o777), f.WriteJSON(train.ConfigFile, config), f.WriteModel(m))
}

func measureNet(s settings, program, run, name string, stdout, stderr io.Writer) error {
	best := map[string]result{}
	modes := []string{"1", "256"}
	for range s.rounds {
		for _, batch := range modes {
			err := with(s, program, stderr, []string{"-batch", batch, run}, func(addr string) error {
				r, err := closed(addr, name, s)
				if r.rate() > best[batch].rate() {
					best[batch] = r
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	for _, batch := range modes {
		best[batch].write(stdout, name, fmt.Sprintf("%d clients, -batch %s", s.clients, batch))
	}
	capacity := best["256"].rate()
	fmt.Fprintf(stdout, "%-4s batching: %.2f times the answers\n", name, capacity/best["1"].rate())
	return with(s, program, stderr, []string{"-queue", fmt.Sprint(s.queue), run}, func(addr string) error {
		r, err := overload(addr, name, s, s.over*capacity)
		if err != nil {
			return err
		}
		r.write(stdout, name, fmt.Sprintf("%.1f x %.0f/s, -queue %d", s.over, capacity, s.queue))
		fmt.Fprintf(stdout, "%-4s overload: %.0f requests/s were sent, %.2f of the best were answered\n", name, r.sent(), r.rate()/capacity)
		return nil
	})
}

// with starts a server, lets work ask it, and stops it.
func with(s settings, program string, stderr io.Writer, args []string, work func(addr string) error) error {
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
	failed := work(strings.TrimSuffix(url, "/"))
	cmd.Process.Signal(syscall.SIGTERM)
	killer := time.AfterFunc(15*time.Second, func() { cmd.Process.Kill() })
	defer killer.Stop()
	if err := cmd.Wait(); err != nil || failed != nil {
		fmt.Fprint(stderr, log)
		return errors.Join(failed, err)
	}
	return nil
}
