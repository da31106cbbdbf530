package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"stheno/nets/run"
)

// verdict is what the driver reads of compare's -json about a committee.
type verdict struct {
	Type     string  `json:"type"`
	Accuracy float64 `json:"accuracy"`
	Loss     float64 `json:"loss"`
}

// elect tests a committee of all of an entry's seeds. The runs must be
// those of the lines.
func (d *driver) elect(ctx context.Context, j job) (line, error) {
	l := d.newLine(j)
	args := append([]string{"-json", "-committee"}, strings.Fields(j.of.flags)...)
	for _, member := range j.members() {
		was, _ := d.lines.of(member)
		folder := run.Folder(member.folder(d.runs))
		switch now, err := sum(folder.File(run.ModelFile)); {
		case errors.Is(err, fs.ErrNotExist):
			return l, fmt.Errorf("the run of %s is not in %s: take its line out of the results to train it again", member, folder)
		case err != nil:
			return l, err
		case now != was.Model:
			return l, fmt.Errorf("the run of %s in %s has another model than its line in the results: take the line out to train it again", member, folder)
		}
		l.Seeds = append(l.Seeds, member.seed)
		l.Seconds += was.Seconds
		l.Epochs += was.Epochs
		l.Steps += was.Steps
		args = append(args, string(folder))
	}
	var v verdict
	err := d.program(ctx, "compare", args, func(r io.Reader) error { return json.NewDecoder(r).Decode(&v) })
	if err == nil && v.Type != "committee" {
		err = fmt.Errorf("compare %s: answers with %q", strings.Join(args, " "), v.Type)
	}
	l.TestAccuracy, l.TestLoss = &v.Accuracy, &v.Loss
	return l, err
}

// ready says whether all of a committee's members have their line.
func (d *driver) ready(j job) bool {
	for _, member := range j.members() {
		if _, ok := d.lines.of(member); !ok {
			return false
		}
	}
	return true
}
