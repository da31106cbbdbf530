package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"stheno/nets/run"
)

// build makes the programs that the jobs need, in a folder of their own.
func build(ctx context.Context, dir string, jobs []job) error {
	args := []string{"build", "-o", dir + string(filepath.Separator)}
	needed := make(map[string]bool)
	for _, j := range jobs {
		name := j.network
		if j.seed == 0 {
			name = "compare"
		}
		if !needed[name] {
			args = append(args, "stheno/cmd/"+name)
		}
		needed[name] = true
	}
	if out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// event is what the driver reads of a line of the program's -json.
type event struct {
	Type    string  `json:"type"`
	Epoch   int     `json:"epoch"`
	Epochs  int     `json:"epochs"`
	Seconds float64 `json:"seconds"`
}

// train runs a job to its end, from where it stands. Nothing is left to do if the
// driver was killed between the run's end and its line.
func (d *driver) train(ctx context.Context, j job) error {
	folder := run.Folder(j.folder(d.runs))
	args := append(j.args(), "-out", string(folder))
	if _, err := os.Stat(folder.File(run.ConfigFile)); err == nil {
		if o, ok, err := folder.ReadOutcome(); err != nil || ok && o.Complete {
			return err
		}
		args = []string{"-resume", string(folder)}
	}
	args = append(args, "-json", "-verbose", "0", "-threads", strconv.Itoa(d.threads))
	return d.program(ctx, j.network, args, func(r io.Reader) error {
		for lines := bufio.NewScanner(r); lines.Scan(); {
			var e event
			if json.Unmarshal(lines.Bytes(), &e) == nil && e.Type == "epoch" {
				d.progress(j, e)
			}
		}
		return nil
	})
}

// program runs one of the built programs, with its output read by read. When ctx
// is done it is asked to save, and may be done all the same, or fail in that.
func (d *driver) program(ctx context.Context, name string, args []string, read func(io.Reader) error) error {
	cmd := exec.CommandContext(ctx, filepath.Join(d.programs, name), args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.Cancel = func() error { return save(cmd) }
	alone(cmd)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return cmp.Or(context.Cause(ctx), err) // after the end nothing starts
	}
	killed := context.AfterFunc(d.hard, func() { cmd.Process.Kill() })
	defer killed()
	reading := read(out)
	_, _ = io.Copy(io.Discard, out) // what read has left, or the program would wait
	err = cmd.Wait()                // also an error where a program ends well that was asked to save
	switch {
	case cmd.ProcessState.ExitCode() == 0:
		return reading
	case ctx.Err() != nil && saved(cmd.ProcessState):
		return context.Cause(ctx)
	}
	return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, complaint(name, said.String()))
}

// complaint is the line of text in which a program says what is wrong, which a
// trace may follow, or else the last one.
func complaint(program, text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for _, l := range slices.Backward(lines) {
		if strings.HasPrefix(l, program+": ") {
			return l
		}
	}
	return lines[len(lines)-1]
}

// read makes the line of a job whose run is finished.
func (d *driver) read(j job) (line, error) {
	folder := run.Folder(j.folder(d.runs))
	o, ok, err := folder.ReadOutcome()
	if err == nil && !ok {
		err = fmt.Errorf("%s: has no %s, though its program has ended well", folder, run.OutcomeFile)
	}
	if err != nil {
		return line{}, err
	}
	c, err := folder.ReadConfig()
	if err != nil {
		return line{}, err
	}
	before, _, err := run.Folder(folder.File(run.PretrainDir)).ReadOutcome() // zero where there is none
	if err != nil {
		return line{}, err
	}
	l := d.newLine(j)
	l.Seconds, l.Epochs, l.Steps = before.Seconds+o.Seconds, before.Epochs+o.Epochs, before.Steps+o.Steps
	if at := c.Versions["stheno"]; at != l.Commit {
		l.Began = at
	}
	c.Settings.Data = ""
	if l.Settings, err = json.Marshal(c.Settings); err != nil {
		return l, err
	}
	if l.Model, err = sum(folder.File(run.ModelFile)); err != nil {
		return l, err
	}
	if !j.tunes() {
		l.TestAccuracy, l.TestLoss = &o.TestAccuracy, &o.TestLoss
		return l, nil
	}
	l.ValAccuracy, l.ValLoss, err = validation(folder, o)
	return l, err
}

func (d *driver) newLine(j job) line {
	return line{Version: lineVersion, Study: j.study, Run: j.name, Network: j.network, Flags: j.flags, Recipe: j.recipe, Seed: j.seed, Views: j.of.flags, machine: d.machine}
}

// validation is the one of the epoch whose weights the model has.
func validation(folder run.Folder, o run.Outcome) (accuracy, loss *float64, err error) {
	rows, err := folder.ReadHistory()
	if err != nil {
		return nil, nil, err
	}
	epoch := o.Kept
	if epoch == 0 {
		epoch = o.Epochs
	}
	for _, row := range rows {
		if row.Epoch == epoch && row.ValAccuracy != nil {
			return row.ValAccuracy, row.ValLoss, nil
		}
	}
	return nil, nil, errors.New("no validation of the model's weights: a run that tunes needs whole epochs")
}

// sum is a file's SHA-256.
func sum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return fmt.Sprintf("%x", h.Sum(nil)), err
}
