//go:build linux

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"stheno/nets/run"
)

// mount makes a file system in memory, of so many bytes.
func mount(t *testing.T, size int) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, to mount a small file system")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Skipf("needs to mount a small file system: %v; in a container, give it SYS_ADMIN", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill writes a file that leaves so many bytes of a file system, to the page.
func fill(t *testing.T, path string, leave int64) {
	t.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &s); err != nil {
		t.Fatal(err)
	}
	if size := int64(s.Bavail)*s.Bsize - leave; size > 0 {
		if err := os.WriteFile(path, make([]byte, size), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// halt stops a process and waits until each of its threads stands: the signal is
// only a request, and a thread that is writing goes on until its call ends.
func halt(t *testing.T, p *process) {
	t.Helper()
	p.Process.Signal(syscall.SIGSTOP)
	await(t, "a process that stands", func() bool {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.Process.Pid))
		if err != nil || len(tasks) == 0 {
			t.Fatalf("no threads of process %d: %v", p.Process.Pid, err)
		}
		for _, task := range tasks {
			stat, err := os.ReadFile(task)
			if err != nil {
				return false // the thread has ended meanwhile
			}
			// The state follows the name, which stands in parentheses.
			_, state, _ := strings.Cut(string(stat), ") ")
			if !strings.HasPrefix(state, "T") {
				return false
			}
		}
		return true
	})
}

// fillBeside fills a file system while a process trains in it; but not while it
// holds a temporary file, whose place it would give back.
func fillBeside(t *testing.T, process *process, path string, leave int64) {
	t.Helper()
	for halt(t, process); len(hidden(t, filepath.Dir(path))) > 0; halt(t, process) {
		process.Process.Signal(syscall.SIGCONT)
		time.Sleep(time.Millisecond)
	}
	fill(t, path, leave)
	process.Process.Signal(syscall.SIGCONT)
}

func steps(t *testing.T, folder string) int {
	t.Helper()
	state, passedOver, err := run.Folder(folder).LoadState()
	if err != nil || passedOver != nil {
		t.Fatal(err, passedOver)
	}
	return state.Position.Step
}

// TestFullDisk fills the disk while a run trains. Its checkpoints fail with a
// warning, and when it is to end it does.
func TestFullDisk(t *testing.T) {
	both(t, long, func(t *testing.T, p plan) {
		dir := mount(t, map[string]int{"mlp": 2 << 20, "cnn": 8 << 20}[p.program])
		folder, ballast := filepath.Join(dir, "run"), filepath.Join(dir, "ballast")
		process := start(t, p.begin(folder))
		saved(t, folder)
		fillBeside(t, process, ballast, 64<<10) // for the small files
		await(t, "three warnings", func() bool { return strings.Count(process.err.String(), "warning: ") >= 3 })
		process.Process.Signal(syscall.SIGTERM)
		o := process.end(t)
		lines := strings.Split(strings.TrimSpace(o.stderr), "\n")
		last := lines[len(lines)-1]
		if o.code != 1 || !strings.HasPrefix(last, p.program+": ") {
			t.Fatal(o)
		}
		for _, line := range lines {
			if line != "" && (!strings.Contains(line, folder+"/checkpoint/step-") || !strings.Contains(line, "no space left on device")) {
				t.Errorf("it says %q", line)
			}
		}
		stands := steps(t, folder)
		if warning := fmt.Sprintf("training goes on, and the checkpoint of step %d stays", stands); !strings.Contains(o.stderr, warning) {
			t.Errorf("step %d, but %v", stands, o)
		}
		t.Logf("%d warnings, the checkpoint of step %d stays: %s", strings.Count(o.stderr, "warning: "), stands, last)
		// Full to the last page: to go on, or to begin, is refused with a line.
		fill(t, ballast+"2", 0)
		for what, args := range map[string][]string{"to resume": p.resume(folder), "to begin": p.begin(folder + "2")} {
			o := execute(t, args)
			if o.code != 1 || !strings.Contains(o.stderr, dir) || !strings.Contains(o.stderr, "no space left on device") {
				t.Errorf("%s on a full disk: %v", what, o)
			}
		}
		if found := hidden(t, dir); len(found) > 0 {
			t.Errorf("leaves %v behind", found)
		}
		for _, path := range []string{ballast, ballast + "2"} {
			if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		p.recoverSoon(t, "a full disk", folder)
	})
}

// TestDiskFullToTheLastByte: a run trains on, keeps what it has to say of steps and
// epochs, and once there is room again all is as if there always had been.
func TestDiskFullToTheLastByte(t *testing.T) {
	prepare(t)
	p := plan{"mlp", endless + " -tensorboard"}
	dir := mount(t, 4<<20)
	folder, ballast := filepath.Join(dir, "run"), filepath.Join(dir, "ballast")
	process := start(t, p.begin(folder))
	await(t, "an epoch", func() bool {
		found, _ := filepath.Glob(filepath.Join(folder, "tensorboard/validation/*"))
		return len(found) > 0
	})
	said := func(what string) bool { return strings.Contains(process.err.String(), what) }
	for n := 0; !said("/checkpoint/step-"); n++ { // an old checkpoint that goes gives back its place
		fillBeside(t, process, fmt.Sprint(ballast, n), 0)
		time.Sleep(20 * time.Millisecond)
	}
	fillBeside(t, process, ballast, 0)
	for _, name := range []string{"/steps.csv: ", "/history.json: "} {
		await(t, "a warning of "+name, func() bool { return said(name) })
	}
	stood := steps(t, folder)
	if said := process.err.String(); strings.Count(said, "is kept until it can be written") > 4 {
		t.Errorf("it says more than once of each file: %s", said)
	}
	ballasts, _ := filepath.Glob(ballast + "*")
	for _, path := range ballasts {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "a checkpoint", func() bool {
		found, _ := filepath.Glob(filepath.Join(folder, "checkpoint", "step-*.safetensors"))
		return len(found) == 2 && !slices.ContainsFunc(found, func(path string) bool { return strings.Contains(path, fmt.Sprintf("step-%06d", stood)) })
	})
	process.Process.Signal(syscall.SIGTERM)
	if o := process.end(t); o.code != 143 || !strings.Contains(o.stderr, "everything is saved") {
		t.Fatal(o)
	}
	if at := steps(t, folder); at < stood+6 {
		t.Errorf("it stands at step %d, with the full disk at %d", at, stood)
	}
	more := []string{"-epochs", "1000000", "-steps", strconv.Itoa(steps(t, folder) + 20)}
	succeed(t, p.resume(folder, more...))
	same(t, "a disk that was full", folder, p.want(t, more...))
}

// recoverSoon goes on for a few steps.
func (p plan) recoverSoon(t *testing.T, what, folder string) {
	t.Helper()
	more := []string{"-steps", strconv.Itoa(steps(t, folder) + 20)}
	p.recover(t, what, folder, p.want(t, more...), more...)
}

// TestReadOnlyFileSystem: a run can neither go on nor begin.
func TestReadOnlyFileSystem(t *testing.T) {
	both(t, long, func(t *testing.T, p plan) {
		dir := mount(t, 16<<20)
		folder := filepath.Join(dir, "run")
		process := start(t, p.begin(folder))
		saved(t, folder)
		process.Process.Kill()
		if o := process.end(t); !o.killed() {
			t.Fatal(o)
		}
		remount := func(flags uintptr) {
			t.Helper()
			if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|flags, ""); err != nil {
				t.Fatal(err)
			}
		}
		remount(syscall.MS_RDONLY)
		before := fmt.Sprint(list(t, folder))
		for what, args := range map[string][]string{"to resume": p.resume(folder), "to begin": p.begin(folder + "2")} {
			refused(t, what, execute(t, args), p.program, dir, "read-only file system")
		}
		if now := fmt.Sprint(list(t, folder)); now != before {
			t.Errorf("%s, before %s", now, before)
		}
		remount(0)
		p.recoverSoon(t, "a read-only file system", folder)
	})
}

// refused looks for one line with a path and a reason.
func refused(t *testing.T, what string, o outcome, program, path, reason string) {
	t.Helper()
	if o.code != 1 || strings.Count(o.stderr, "\n") != 1 || !strings.HasPrefix(o.stderr, program+": ") || !strings.Contains(o.stderr, path) || !strings.Contains(o.stderr, reason) {
		t.Errorf("%s: %v; want a line with %s and %q", what, o, path, reason)
	}
}

// nobody is a user whom permissions bind, where the test runs as root.
const nobody = 65534

// TestForbiddenFolder takes the permission to write away: from a run that
// trains, whose checkpoints then fail with a warning, and from one that would go
// on.
func TestForbiddenFolder(t *testing.T) {
	both(t, long, func(t *testing.T, p plan) {
		dir := t.TempDir()
		folder, checkpoints := filepath.Join(dir, "run"), filepath.Join(dir, "run", "checkpoint")
		bound := func(args []string) *process {
			process := command(args)
			if os.Getuid() == 0 {
				process.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
			}
			process.begin(t)
			return process
		}
		permit := func(mode os.FileMode, paths ...string) {
			t.Helper()
			for _, path := range paths {
				if err := os.Chmod(path, mode); err != nil {
					t.Fatal(err)
				}
			}
		}
		permit(0o755, filepath.Dir(dir))
		permit(0o777, dir)
		t.Cleanup(func() { os.Chmod(folder, 0o777); os.Chmod(checkpoints, 0o777) }) // so that they can be removed

		process := bound(p.begin(folder))
		saved(t, folder)
		permit(0o555, checkpoints)
		await(t, "three warnings", func() bool { return strings.Count(process.err.String(), "warning: ") >= 3 })
		process.Process.Signal(syscall.SIGTERM)
		o := process.end(t)
		if o.code != 1 || !strings.Contains(o.stderr, checkpoints+"/step-") || !strings.Contains(o.stderr, "permission denied") {
			t.Errorf("forbidden while it trains: %v", o)
		}
		stands := steps(t, folder)
		permit(0o555, folder)
		refused(t, "to resume", bound(p.resume(folder)).end(t), p.program, folder, "permission denied")
		permit(0o555, dir)
		refused(t, "to begin", bound(p.begin(folder+"2")).end(t), p.program, dir, "permission denied")
		if now := steps(t, folder); now != stands {
			t.Errorf("the checkpoint is of step %d, was of %d", now, stands)
		}
		permit(0o777, dir, folder, checkpoints)
		p.recoverSoon(t, "a forbidden folder", folder)
	})
}
