package nets_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stheno/nets"
)

// FuzzParseNetwork: any text is an error of one line, or a network that is written,
// read again as the same one, and written to the same bytes.
func FuzzParseNetwork(f *testing.F) {
	all := family()
	maps.Copy(all, layered())
	for _, n := range all {
		text, err := n.MarshalJSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	text, err := os.ReadFile(filepath.Join("testdata", "config", "keras.json"))
	if err != nil {
		f.Fatal(err)
	}
	var stored map[string]string
	if err := json.Unmarshal(text, &stored); err != nil {
		f.Fatal(err)
	}
	for _, config := range stored {
		f.Add([]byte(config))
	}
	f.Fuzz(func(t *testing.T, config []byte) {
		n, err := nets.ParseNetwork(config)
		if err != nil {
			if n.Layers != nil || !strings.HasPrefix(err.Error(), "nets: ") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%+v beside the error %q", n, err)
			}
			return
		}
		written, err := n.MarshalJSON()
		if err != nil {
			t.Fatalf("%+v is not written: %v", n, err)
		}
		back, err := nets.ParseNetwork(written)
		if err != nil || nets.SameNetwork(back, n) != "" {
			t.Fatalf("%+v comes back as %+v: %v, %s", n, back, err, nets.SameNetwork(back, n))
		}
		if again, err := back.MarshalJSON(); err != nil || !bytes.Equal(again, written) {
			t.Fatalf("%s, and written again %s, %v", written, again, err)
		}
	})
}
