package shell

import (
	"errors"
	"testing"
)

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"-out: train: run folder a: holds another run":         "-out: run folder a: holds another run",
		"train: nets: 3 classes":                               "3 classes",
		"data: a.gz: read: EOF\ntrain: disk full":              "a.gz: read: EOF; disk full",
		"kernel: out of range, in a block:\ngoroutine 1:\nf()": "out of range, in a block:\ngoroutine 1:\nf()",
		"open my data: train: no such file":                    "open my data: no such file",
		"-init: nets: stat a: no such file or directory":       "-init: a: no such file or directory",
		"lstat a/b: not a directory":                           "a/b: not a directory",
		"metadata: 3 bytes; -data: no folder":                  "metadata: 3 bytes; -data: no folder",
		"dense.kernel: (3,4), want (4,4) (onnx:1, -d:)":        "dense.kernel: (3,4), want (4,4) (onnx:1, -d:)",
	} {
		if got := Words(errors.New(text)); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
