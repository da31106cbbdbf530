package run

import (
	"encoding/json"
	"io"

	"stheno/nets/durable"
)

// WriteFile replaces one of the run's files by what write writes, whole or not at
// all, as durable.WriteFile does; but not in a folder that has come in the place
// of the one that this process has locked.
func (f Folder) WriteFile(name string, write func(io.Writer) error) error {
	path := f.File(name)
	if err := stillOurs(path); err != nil {
		return err
	}
	return durable.WriteFile(path, write)
}

// WriteJSON replaces one of the run's files by v as indented JSON.
func (f Folder) WriteJSON(name string, v any) error {
	return f.WriteFile(name, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(v)
	})
}
