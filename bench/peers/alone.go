package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/train"
)

// aloneSteps are as many as a training needs to have taken all its memory.
const aloneSteps = 30

// alone has a process of ours train a network and nothing else, and returns the most
// memory that it took, as the peers say it of theirs.
func (s *session) alone(net string) (bytes int64, err error) {
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	child := exec.Command(program, "-alone", "-net", net, "-batch", strconv.Itoa(s.batch), "-threads", strconv.Itoa(s.threads))
	child.Stderr = s.stderr
	out, err := child.Output()
	if err != nil {
		return 0, fmt.Errorf("training %s alone: %w", net, err)
	}
	return strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
}

// trainAlone is that process: it writes the most bytes that it had.
func trainAlone(s settings, stdout io.Writer) error {
	set, err := data.Open("")
	if err != nil {
		return err
	}
	net, err := nets.Named(s.nets[0], set.Train.Shape(), set.Classes)
	if err != nil {
		return err
	}
	m, err := newModel(net)
	if err != nil {
		return err
	}
	_, err = train.Fit(context.Background(), m, set.Train, train.NewAdam(0.001), train.Plan{Epochs: 1, Batch: s.batch, Steps: aloneSteps})
	if err != nil {
		return err
	}
	status, _ := os.ReadFile("/proc/self/status") // none is unknown
	peak, err := peakOf(status)
	fmt.Fprintln(stdout, peak)
	return err
}

// peakOf reads the most memory that a process has had from Linux's words on it; 0 is
// unknown.
func peakOf(status []byte) (int64, error) {
	for line := range bytes.Lines(status) {
		if text, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			text, ok = bytes.CutSuffix(bytes.TrimSpace(text), []byte(" kB"))
			if !ok {
				return 0, errors.New("the system counts memory in another unit than kB")
			}
			n, err := strconv.ParseInt(string(text), 10, 64)
			return 1024 * n, err
		}
	}
	return 0, nil
}
