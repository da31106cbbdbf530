package command

import (
	"fmt"
	"io"

	"stheno/cmd/internal/shell"
	"stheno/nets/run"
	"stheno/nets/run/report"
)

// choose takes, where no run is named, the newest run and the newest of the
// others that was tested on the same images, and tells stderr.
func (o *options) choose(stderr io.Writer) error {
	if len(o.runs) > 0 {
		return nil
	}
	folders, err := run.Newest(run.RunsFolder)
	if err != nil {
		return err
	}
	if len(folders) == 0 {
		return shell.Usagef("no run with a model below %s/: train one with %s, or name runs", run.RunsFolder, shell.GoRunCommand("mlp"))
	}
	newest, err := configOf(folders[0])
	if err != nil {
		return err
	}
	o.runs = []string{string(folders[0])}
	for _, folder := range folders[1:] {
		other, err := configOf(folder)
		if err == nil && sameClasses(newest, other) == nil && sameData(newest, other) == nil {
			o.runs = append(o.runs, string(folder))
			fmt.Fprintf(stderr, "%s and %s, the two newest runs of the same data\n", o.runs[0], o.runs[1])
			return nil
		}
	}
	if o.committee {
		return shell.Usagef("-committee: %s, the newest run, is the only one of its data: name two or more runs", o.runs[0])
	}
	fmt.Fprintf(stderr, "%s, the newest run, is the only one of its data\n", o.runs[0])
	return nil
}

// configOf is a run of which nothing but its settings is known.
func configOf(folder run.Folder) (*report.Run, error) {
	c, err := folder.ReadConfig()
	return &report.Run{Folder: folder, Config: c}, err
}
