//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a process may take for what takes it a second or two.
const patience = 60 * time.Second

const side, classes = 8, 3

// house is this repository.
const house = "../.."

// programs is a folder with this module's programs, and in house with Stheno's own.
var programs string

func TestMain(m *testing.M) {
	for _, name := range []string{"STHENO_DATA", "CI", "NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR"} {
		os.Unsetenv(name)
	}
	os.Exit(tested(m))
}

// tested builds the programs and runs the tests.
func tested(m *testing.M) int {
	dir, err := os.MkdirTemp("", "stheno-outside-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	programs = dir
	for _, build := range [][]string{
		{".", "build", "-o", dir + "/", "./..."},
		{house, "build", "-o", dir + "/house/", "./cmd/mlp", "./cmd/train", "./cmd/predict", "./cmd/compare", "./cmd/export", "./cmd/serve"},
	} {
		cmd := exec.Command("go", build[1:]...)
		cmd.Dir = build[0]
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go build in %s: %v: %s\n", build[0], err, out)
			return 1
		}
	}
	return m.Run()
}

// outcome is how a program has ended and what it said.
type outcome struct {
	code           int
	stdout, stderr string
}

// run runs a program: "lenet", "predict" and so on, "house/predict" and so on.
func run(t *testing.T, program string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, program), args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// succeed is run, of a program that has to end with 0; it gives what that said on stdout.
func succeed(t *testing.T, program string, args ...string) string {
	t.Helper()
	o := run(t, program, args...)
	if o.code != 0 {
		t.Fatalf("%s %q: exit code %d: %s", program, args, o.code, o.stderr)
	}
	return o.stdout
}

// onTerminal runs a program whose stderr is a terminal, and returns what it wrote there.
func onTerminal(t *testing.T, program string, args ...string) string {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, program), args...)
	cmd.Stderr, cmd.Env = terminal, append(os.Environ(), "TERM=xterm")
	err = cmd.Start()
	terminal.Close()
	if err != nil {
		t.Fatal(err)
	}
	shown, _ := io.ReadAll(master) // ends with an error when the last process has closed the terminal
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%s %q: %v: %s", program, args, err, shown)
	}
	return string(shown)
}

// dataset writes a folder of images whose brightest rows tell their class, and the
// first test image as a picture; it returns the images of the test part, too.
func dataset(t *testing.T) (dir, picture string, images [][]byte) {
	t.Helper()
	dir = t.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, set := range []struct {
		name string
		rows int
	}{{"train", 1200}, {"t10k", 90}} {
		images = nil
		var labels, pixels []byte
		for range set.rows {
			label, img := rng.IntN(classes), make([]byte, side*side)
			for i := range img {
				img[i] = byte(rng.IntN(120))
				if i/side/2 == label && rng.IntN(2) == 0 {
					img[i] += 100
				}
			}
			labels, pixels, images = append(labels, byte(label)), append(pixels, img...), append(images, img)
		}
		writeIDX(t, filepath.Join(dir, set.name+"-images-idx3-ubyte"), pixels, set.rows, side, side)
		writeIDX(t, filepath.Join(dir, set.name+"-labels-idx1-ubyte"), labels, set.rows)
	}
	picture = filepath.Join(t.TempDir(), "picture.png")
	var file bytes.Buffer
	if err := png.Encode(&file, &image.Gray{Pix: images[0], Stride: side, Rect: image.Rect(0, 0, side, side)}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(picture, file.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir, picture, images
}

// writeIDX writes bytes as an IDX file.
func writeIDX(t *testing.T, path string, body []byte, dims ...int) {
	t.Helper()
	file := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		file = binary.BigEndian.AppendUint32(file, uint32(d))
	}
	if err := os.WriteFile(path, append(file, body...), 0o666); err != nil {
		t.Fatal(err)
	}
}
