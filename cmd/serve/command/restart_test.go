package command

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stheno/nets/run"
)

// pictures makes dir a folder of pictures of two classes.
func pictures(t testing.TB, dir string) string {
	t.Helper()
	for i, path := range []string{"train/a/1", "train/b/1", "train/a/2", "train/b/2", "test/a/1", "test/b/1"} {
		file := filepath.Join(dir, path+".png")
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		img := image.NewGray(image.Rect(0, 0, 6, 6))
		img.SetGray(i%2*3, i, color.Gray{255})
		f, err := os.Create(file)
		if err == nil {
			err = png.Encode(f, img)
			f.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestRestart: a server without -run trains its networks once. One that begins again
// takes what they have come to, and answers as the first did; only what cannot be
// read is trained anew.
func TestRestart(t *testing.T) {
	dir := pictures(t, filepath.Join(t.TempDir(), "pictures"))
	t.Chdir(t.TempDir())
	var answers []string
	for n := range 2 {
		s := start(t, "-data", dir)
		await(t, "the end of training", func() bool { return strings.Contains(get(t, s.url+"/api/models").body, `"state":"done"`) })
		if r := get(t, s.url+"/v2/health/ready"); r.status != http.StatusOK {
			t.Errorf("with networks: %v", r)
		}
		r := post(t, s.url+"/v1/models/cnn:predict", `{"instances":[[`+strings.Repeat("0,1,", 17)+`0,1]]}`)
		answers = append(answers, r.body)
		mlps, _ := filepath.Glob("runs/mlp-*")
		cnns, _ := filepath.Glob("runs/cnn-*")
		if r.status != http.StatusOK || answers[0] != r.body || len(mlps) != n+1 || len(cnns) != 1 {
			t.Fatalf("%v, runs %v %v: %s", r, mlps, cnns, s.log.String())
		}
		model := filepath.Join(mlps[0], run.ModelFile)
		if n == 1 {
			if !strings.Contains(s.log.String(), model) {
				t.Errorf("the log does not say what is wrong with %s: %s", model, s.log.String())
			}
			continue
		}
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(model, []byte("no weights"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLogLines: what training says over several lines is one in the log.
func TestLogLines(t *testing.T) {
	var log bytes.Buffer
	if _, err := fmt.Fprintf(oneLine{&log}, "everything is saved; resume with\n\n  %s\n\n", "go run ./cmd/cnn -resume runs/a"); err != nil || log.String() != "everything is saved; resume with go run ./cmd/cnn -resume runs/a" {
		t.Errorf("%q, %v", log.String(), err)
	}
}
