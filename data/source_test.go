package data

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"testing"

	"stheno/data/digit"
)

// openOnce is MNIST, as found in the environment that the tests started with: a
// test calls it before it changes that.
var openOnce = sync.OnceValues(func() (*Dataset, error) { return Open("") })

// mnist returns the real files, read once for all tests.
func mnist(t testing.TB) *Dataset {
	t.Helper()
	d, err := openOnce()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// nowhere gives the test an environment in which MNIST is in no place.
func nowhere(t *testing.T) (home string) {
	home = t.TempDir()
	for _, name := range []string{"HOME", "home", "USERPROFILE", "LocalAppData"} {
		t.Setenv(name, home)
	}
	for _, name := range []string{"STHENO_DATA", "GOMODCACHE", "GOPATH", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"} {
		t.Setenv(name, "")
	}
	t.Setenv("GOENV", "off")
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOSUMDB", "off")
	t.Setenv("GOFLAGS", "-mod=vendor") // must not reach the download
	noTelemetry(t)
	return home
}

// noTelemetry keeps the Go command from counting its use in the user's folder,
// where a child that it leaves behind may write while the test removes it.
func noTelemetry(t *testing.T) {
	config, err := os.UserConfigDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(config, "go", "telemetry")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "mode"), []byte("off"))
}

func TestModuleVersionIsThatOfGoMod(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(regexp.QuoteMeta(modulePath) + ` (\S+)`).FindSubmatch(mod)
	if m == nil || string(m[1]) != moduleVersion {
		t.Errorf("moduleVersion is %s, go.mod has %q", moduleVersion, m)
	}
}

func TestModuleCacheDirObeysTheEnvironment(t *testing.T) {
	home := nowhere(t)
	const tail = "github.com/petar/!go!m!n!i!s!t@" + moduleVersion + "/data"
	list := string(os.PathListSeparator)
	for _, c := range []struct{ modcache, gopath, want string }{
		{"/m", "/g", "/m"},
		{"", "/g" + list + "/h", "/g/pkg/mod"},
		{"", "", filepath.Join(home, "go/pkg/mod")},
	} {
		t.Setenv("GOMODCACHE", c.modcache)
		t.Setenv("GOPATH", c.gopath)
		got, err := moduleCacheDir()
		if want := filepath.Join(c.want, filepath.FromSlash(tail)); err != nil || got != want {
			t.Errorf("%+v: %s, %v", c, got, err)
		}
	}
}

func TestSearchSaysWhatWasTried(t *testing.T) {
	home := nowhere(t)
	_, err := Open("")
	wantError(t, err, ErrNotFound, "tried $STHENO_DATA (not set)", "the module cache ("+home, "no such folder",
		"the user's cache (", "stheno", "go mod download (", "module lookup disabled by ", "-data DIR")

	t.Setenv("PATH", "")
	_, err = Open("")
	wantError(t, err, ErrNotFound, "go mod download (exec:")
}

func TestSearchTakesTheUsersFolderFirst(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, mnistNames, small())
	t.Setenv("STHENO_DATA", dir)
	d, err := Open("")
	if err != nil || d.Dir != dir || d.Train.Len() != 5 {
		t.Errorf("read %+v, %v", d, err)
	}
	t.Setenv("STHENO_DATA", filepath.Join(dir, "none"))
	_, err = Open("")
	wantError(t, err, ErrNotFound, "none: no such folder", "$STHENO_DATA")
}

// Where Stheno chose the source, valid files are not enough.
func TestSearchChecksTheSums(t *testing.T) {
	nowhere(t)
	cache := t.TempDir()
	t.Setenv("GOMODCACHE", cache)
	dir, _ := moduleCacheDir()
	gzipped := with(mnistNames, "ubyte", "ubyte.gz")
	writeFiles(t, dir, gzipped, small())
	_, err := Open("")
	wantError(t, err, ErrChecksum, gzipped[0], "SHA-256 is ", "expected "+publishedSums[0], "not the published MNIST file", "-data DIR")

	writeFile(t, filepath.Join(dir, gzipped[0]), []byte("broken"))
	_, err = Open("")
	wantError(t, err, ErrFormat, gzipped[0], "not the published MNIST file")

	if _, err := Open(dir); err == nil {
		t.Error("-data accepts a broken file")
	}
}

func TestSearchTakesTheUsersCache(t *testing.T) {
	real := mnist(t).Dir
	nowhere(t)
	dir, err := userCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, dir); err != nil {
		t.Skip(err)
	}
	d, err := Open("")
	if err != nil || d.Dir != dir || d.Train.Len() != 60000 {
		t.Fatalf("%v", err)
	}
}

// The module cache's own download folder is a proxy: the download runs for real,
// without a network.
func TestSearchDownloads(t *testing.T) {
	if testing.Short() {
		t.Skip("unpacks 12 MB")
	}
	module := filepath.Dir(mnist(t).Dir)
	proxy := filepath.Join(module, "..", "..", "..", "cache", "download")
	if _, err := os.Stat(proxy); err != nil {
		t.Skipf("MNIST is not from a module cache: %v", err)
	}
	nowhere(t)
	scheme := "file://"
	if runtime.GOOS == "windows" {
		scheme = "file:///"
	}
	cache := t.TempDir()
	t.Cleanup(func() { makeWritable(cache) })
	t.Setenv("GOPROXY", scheme+filepath.ToSlash(proxy))
	t.Setenv("GOMODCACHE", cache)
	d, err := Open("") // finds nothing, and downloads
	if err != nil {
		t.Fatal(err)
	}
	if want, _ := moduleCacheDir(); d.Dir != want {
		t.Errorf("read %q, expected %q", d.Dir, want)
	}
}

// makeWritable lets a module cache be removed.
func makeWritable(dir string) {
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			os.Chmod(path, 0o755)
		}
		return nil
	})
}

// TestMNISTSaysHowItWasPrepared: pictures for a network that was trained on it are
// prepared so too.
func TestMNISTSaysHowItWasPrepared(t *testing.T) {
	if by := mnist(t).Preparation; by.Method != digit.MNIST {
		t.Errorf("MNIST says %q", by.Method)
	}
}
