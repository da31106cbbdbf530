package command

import (
	"fmt"
	"io"

	"stheno/cmd/internal/shell"
	"stheno/nets/run"
)

// chooseRun is the run that is named, or the newest one with a model, of which
// stderr is told.
func chooseRun(named string, stderr io.Writer) (run.Folder, error) {
	if named != "" {
		return run.Folder(named), nil
	}
	runs, err := run.Newest(run.RunsFolder)
	if err != nil {
		return "", err
	}
	if len(runs) == 0 {
		return "", fmt.Errorf("no run with a model below %s/: train one with %s, or name one with -model", run.RunsFolder, shell.GoRunCommand("cnn"))
	}
	fmt.Fprintf(stderr, "-model %s, the newest run\n", runs[0])
	return runs[0], nil
}
