package filekind

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzOf: any bytes are of a kind, or an error of one line.
func FuzzOf(f *testing.F) {
	for _, start := range []string{"", "PK\x03\x04", "\x89HDF\r\n\x1a\n", "{}", "\x08\x07\x12\x06"} {
		f.Add([]byte(start))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if kind, err := of(bytes.NewReader(file), int64(len(file)), "weights"); err != nil && (kind != 0 || strings.Contains(err.Error(), "\n")) {
			t.Fatalf("%v beside the error %v", kind, err)
		}
	})
}
