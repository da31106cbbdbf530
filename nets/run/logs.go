package run

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"stheno/nets/internal/strict"
	"stheno/nets/train"
)

// ReadHistory reads the rows of history.json; none if there is no such file.
func (f Folder) ReadHistory() ([]train.Row, error) {
	content, err := os.ReadFile(f.File(HistoryJSONFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var rows []train.Row
	if err == nil {
		if err = json.Unmarshal(content, &rows); err != nil {
			err = strict.InWords(err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("run: %s: %w", f.File(HistoryJSONFile), err)
	}
	return rows, nil
}

// Step is a row of steps.csv.
type Step struct {
	Step           int
	Loss, Accuracy float64 // of its batch, before the update
}

// ReadSteps reads steps.csv; none if there is no such file.
func (f Folder) ReadSteps() ([]Step, error) {
	file, err := os.Open(f.File(StepsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.FieldsPerRecord, r.ReuseRecord = 3, true
	var steps []Step
	for {
		record, err := r.Read()
		if err == io.EOF {
			return steps, nil
		}
		line, _ := r.FieldPos(0)
		if err == nil && line > 1 { // the first names the columns
			steps, err = appendStep(steps, record)
		}
		if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
			line, err = parse.Line, parse.Err
		}
		if err != nil {
			return nil, fmt.Errorf("run: %s: line %d: %w", f.File(StepsFile), line, err)
		}
	}
}

func appendStep(steps []Step, record []string) ([]Step, error) {
	n, err := strconv.Atoi(record[0])
	loss, lossErr := strconv.ParseFloat(record[1], 64)
	accuracy, accuracyErr := strconv.ParseFloat(record[2], 64)
	if errors.Join(err, lossErr, accuracyErr) != nil {
		err = fmt.Errorf("%q is no row of a step", strings.Join(record, ","))
	}
	return append(steps, Step{n, loss, accuracy}), err
}
