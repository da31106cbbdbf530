package command

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/pprof"

	"stheno/nets/durable"
)

// profile has the process note where its time goes, and returns what writes that
// to the file at path, for go tool pprof. Without a path both do nothing.
func profile(path string) (write func() error, err error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	// The file is written when all has been measured; that its folder is missing
	// must be said before.
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("-cpuprofile: %w", err)
	}
	var found bytes.Buffer
	if err := pprof.StartCPUProfile(&found); err != nil {
		return nil, err
	}
	return func() error {
		pprof.StopCPUProfile()
		return durable.WriteFile(path, func(w io.Writer) error {
			_, err := w.Write(found.Bytes())
			return err
		})
	}, nil
}
