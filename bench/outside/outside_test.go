//go:build linux

package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestOutside is the life of a run of this module's network.
func TestOutside(t *testing.T) {
	data, picture, images := dataset(t)
	whole := filepath.Join(t.TempDir(), "whole")
	args := []string{"-data", data, "-epochs", "2", "-batch", "4", "-seed", "3", "-checkpoint-every", "25"}

	shown := onTerminal(t, "lenet", append(args, "-out", whole)...)
	if !strings.Contains(shown, "━") || !strings.Contains(shown, "\r") || !strings.Contains(shown, "Epoch 2/2") || !strings.Contains(shown, "val_accuracy: ") {
		t.Errorf("there is no bar in %q", shown)
	}
	for _, name := range []string{"config.json", "history.csv", "model.safetensors", "model.onnx", "report.html", "curves.svg"} {
		if _, err := os.Stat(filepath.Join(whole, name)); err != nil {
			t.Error(err)
		}
	}
	if table := succeed(t, "lenet", "-data", data, "-summary"); !regexp.MustCompile(`gate \(Gate\) +│ \(None, 6, 6, 6\) +│ +6 │`).MatchString(table) {
		t.Errorf("the table of layers is %s", table)
	}
	if help := succeed(t, "predict", "-h"); !strings.Contains(help, "Usage: go run ./predict ") || !strings.Contains(help, "go run stheno/cmd/cnn ") {
		t.Errorf("this module's predict is started as %s", help)
	}
	mlp := filepath.Join(t.TempDir(), "mlp")
	succeed(t, "house/mlp", "-data", data, "-epochs", "2", "-seed", "3", "-verbose", "0", "-out", mlp)

	t.Run("killed", func(t *testing.T) { killed(t, whole, args) })
	answer := predicted(t, whole, data, picture)
	t.Run("compare", func(t *testing.T) { compared(t, whole, mlp) })
	t.Run("export", func(t *testing.T) { exported(t, whole, images[0], answer) })
	t.Run("serve", func(t *testing.T) { served(t, "serve", whole, images[0], answer) })
	t.Run("refused", func(t *testing.T) { refused(t, whole, data, picture, images[0], answer) })
}

// killed kills a run in its midst, and resumes it to the bytes of one that ran through.
func killed(t *testing.T, whole string, args []string) {
	out := filepath.Join(t.TempDir(), "killed")
	killAfter(t, filepath.Join(out, "checkpoint", "step-000050.safetensors"), append(args, "-out", out)...)
	if _, err := os.Stat(filepath.Join(out, "result.json")); err == nil {
		t.Fatal("the run has ended before it could be killed")
	}
	succeed(t, "lenet", "-resume", out)
	for _, name := range []string{"model.safetensors", "model.onnx", "steps.csv", "history.csv"} {
		if timeless(t, out, name) != timeless(t, whole, name) {
			t.Errorf("%s is another one than that of the run that was never killed", name)
		}
	}
}

// killAfter starts a training and kills it when a file is there.
func killAfter(t *testing.T, file string, args ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(programs, "lenet"), args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Errorf("waited in vain for %s", file)
			break
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
}

// timeless is a run's file, of history.csv without the seconds.
func timeless(t *testing.T, run, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(run, name))
	if err != nil {
		t.Fatal(err)
	}
	if name == "history.csv" {
		content = regexp.MustCompile(`(?m),[^,\n]*$`).ReplaceAll(content, nil)
	}
	return string(content)
}

// predicted asks about a picture and about the test images, and returns the
// picture's probabilities.
func predicted(t *testing.T, run, data, picture string) []float64 {
	t.Helper()
	said := succeed(t, "predict", "-model", run, picture)
	var answer [classes]float64
	for _, m := range regexp.MustCompile(`(\d) \(([0-9.]+)\)`).FindAllStringSubmatch(said, -1) {
		fmt.Sscan(m[2], &answer[m[1][0]-'0'])
	}
	if sum := answer[0] + answer[1] + answer[2]; math.Abs(sum-1) > 0.001 {
		t.Errorf("predict says %q", said)
	}
	var result struct {
		Accuracy float64 `json:"test_accuracy"`
	}
	if err := json.Unmarshal([]byte(timeless(t, run, "result.json")), &result); err != nil {
		t.Fatal(err)
	}
	said = succeed(t, "predict", "-model", run, data)
	if right := fmt.Sprintf("%.0f of 90 images right", result.Accuracy*90); result.Accuracy < 0.6 || !strings.Contains(said, right) {
		t.Errorf("the run has a test accuracy of %v, predict says %q", result.Accuracy, said)
	}
	return answer[:]
}

// compared holds the network beside the house's MLP, alone and as a committee.
func compared(t *testing.T, lenet, mlp string) {
	var got struct {
		Entries []struct {
			Network string
			Cost    struct {
				Params int
				FLOPs  int `json:"flops_forward"`
			}
		}
	}
	said := succeed(t, "compare", "-json", lenet, mlp)
	if err := json.Unmarshal([]byte(said), &got); err != nil {
		t.Fatal(err)
	}
	// Conv2D 6·9+6, Gate 6, Dense 216·24+24, Gate 24, Dense 24·3+3; two operations for
	// each multiply-add, and four for each number that goes through a gate.
	if want := "{lenet {5373 "; len(got.Entries) != 2 || !strings.HasPrefix(fmt.Sprint(got.Entries[0]), want) || got.Entries[1].Network != "mlp" {
		t.Errorf("compare says %+v, want %s...", got.Entries, want)
	}
	if want := 2*(36*9*6+216*24+24*3) + 4*(216+24); len(got.Entries) > 0 && got.Entries[0].Cost.FLOPs != want {
		t.Errorf("compare counts %d operations for an image, want %d", got.Entries[0].Cost.FLOPs, want)
	}
	if said := succeed(t, "compare", "-committee", lenet, mlp); !strings.Contains(said, "committee") || !strings.Contains(said, "lenet") {
		t.Errorf("compare -committee says %q", said)
	}
}

// onnxruntime prints what a model says of an image.
const onnxruntime = `import sys, numpy as np, onnxruntime as ort
image = np.frombuffer(sys.stdin.buffer.read(), "<f4").reshape(1, 8, 8, 1)
print(*ort.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"]).run(["probabilities"], {"image": image})[0][0])`

// exported writes the ONNX file that the run has written, and asks onnxruntime.
func exported(t *testing.T, run string, img []byte, answer []float64) {
	file := filepath.Join(t.TempDir(), "lenet.onnx")
	succeed(t, "export", "-model", run, "-out", file)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(content) != timeless(t, run, "model.onnx") {
		t.Error("the export is not the run's model.onnx")
	}
	python := os.Getenv("STHENO_PYTHON")
	if python == "" {
		t.Skip("onnxruntime is not asked: set STHENO_PYTHON to a Python that has it")
	}
	var input []byte
	for _, p := range img {
		input = binary.LittleEndian.AppendUint32(input, math.Float32bits(float32(p)/255))
	}
	cmd := exec.Command(python, "-c", onnxruntime, file)
	cmd.Stdin = strings.NewReader(string(input))
	said, err := cmd.Output()
	if err != nil {
		t.Fatalf("onnxruntime: %v: %s", err, err.(*exec.ExitError).Stderr)
	}
	got := make([]float64, classes)
	fmt.Sscan(string(said), &got[0], &got[1], &got[2])
	agree(t, "onnxruntime", got, answer)
}

// agree holds probabilities to those that predict has printed with four decimals.
func agree(t *testing.T, who string, got, answer []float64) {
	t.Helper()
	for i := range answer {
		if len(got) != classes || math.Abs(got[i]-answer[i]) > 1e-4 {
			t.Errorf("%s answers %v, predict %v", who, got, answer)
			return
		}
	}
}

// served asks a server for the class of an image over HTTP.
func served(t *testing.T, program, run string, img []byte, answer []float64) {
	cmd := exec.Command(filepath.Join(programs, program), "-addr", "127.0.0.1:0", "-run", run)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := regexp.MustCompile(`http://\S+`).FindString(line) + "v2/models/lenet/infer"
	pixels, _ := json.Marshal(strings.Fields(strings.Trim(fmt.Sprint(img), "[]")))
	body := fmt.Sprintf(`{"outputs":[{"name":"probabilities"}],"inputs":[{"name":"image","datatype":"UINT8","shape":[1,8,8,1],"data":%s}]}`,
		strings.ReplaceAll(string(pixels), `"`, ""))
	client := http.Client{Timeout: patience}
	r, err := client.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	var got struct{ Outputs []struct{ Data []float64 } }
	if err := json.Unmarshal(text, &got); err != nil || len(got.Outputs) != 1 {
		t.Fatalf("%s: %s", r.Status, text)
	}
	agree(t, "serve", got.Outputs[0].Data, answer)
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
