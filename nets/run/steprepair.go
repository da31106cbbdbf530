package run

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"stheno/nets/durable"
	"stheno/nets/train"
)

const stepsHeader = "step,loss,accuracy\n"

// Check says why the file is not the one that the restored state is of: it is
// missing or older than the checkpoint, or a program has changed its lines. Then
// there may be an older checkpoint that it fits, or Repair.
func (l *StepLog) Check(at train.Position) error {
	file := l.Folder.File(StepsFile)
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		if l.log.size == 0 {
			return nil
		}
		return fmt.Errorf("run: %s: is missing", file)
	}
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, l.log.size))
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	if int64(len(content)) < l.log.size {
		return fmt.Errorf("run: %s: is older than the checkpoint of step %d", file, at.Step)
	}
	last, number := 0, 0
	for line := range strings.Lines(string(content)) {
		if number++; number == 1 && line == stepsHeader {
			continue
		}
		row, ok := stepOf(line)
		if !ok || row.Step <= last || !strings.HasSuffix(line, "\n") || strings.HasSuffix(line, "\r\n") {
			return fmt.Errorf("run: %s: was changed by another program: its line %d is not the one that was written", file, number)
		}
		last = row.Step
	}
	if l.log.size > 0 && last != at.Step {
		return fmt.Errorf("run: %s: was changed by another program: it has not the row of step %d where the checkpoint knows it", file, at.Step)
	}
	return nil
}

// stepOf reads a line; it is not ok if that is no row of a step.
func stepOf(line string) (row Step, ok bool) {
	fields := strings.Split(strings.TrimRight(line, "\r\n"), ",")
	if len(fields) != 3 {
		return row, false
	}
	rows, err := appendStep(nil, fields)
	return rows[0], err == nil
}

// Repair makes the file anew of those rows that it still has, for the restored
// state. lost says which steps have none; it is empty if all have.
func (l *StepLog) Repair(at train.Position) (lost string, err error) {
	file := l.Folder.File(StepsFile)
	content, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("run: %w", err)
	}
	rows, next := bytes.NewBufferString(stepsHeader), 1
	var gaps []string
	gap := func(end int) { // of the steps from next on
		switch {
		case next == end-1:
			gaps = append(gaps, strconv.Itoa(next))
		case next < end:
			gaps = append(gaps, fmt.Sprintf("%d to %d", next, end-1))
		}
	}
	for line := range strings.Lines(string(content)) {
		row, ok := stepOf(line)
		if !ok || !strings.HasSuffix(line, "\n") || row.Step < next || row.Step > at.Step {
			continue // the header, a row that is cut off, and what came after the checkpoint
		}
		gap(row.Step)
		next = row.Step + 1
		rows.WriteString(strings.TrimRight(line, "\r\n") + "\n")
	}
	gap(at.Step + 1)
	l.log.size = int64(rows.Len())
	if err := durable.WriteFile(file, func(w io.Writer) error { _, err := w.Write(rows.Bytes()); return err }); err != nil {
		return "", err
	}
	if len(gaps) == 0 {
		return "", nil
	}
	const most = 5
	if more := len(gaps) - most; more > 0 {
		gaps = append(gaps[:most], fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("%s lacks the rows of these steps: %s", file, strings.Join(gaps, ", ")), nil
}
