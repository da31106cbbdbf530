//go:build linux && amd64

package faults

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// call is a system call on something below the folder that is watched.
type call struct {
	name   string
	paths  []string
	reader bool // of a descriptor that cannot write
}

func (c call) String() string { return c.name + " " + strings.Join(c.paths, " ") }

// verdict is what becomes of a call.
type verdict struct {
	errno syscall.Errno // it fails; close closes and fails
	kill  moment        // the process is killed
}

type moment int

const (
	never  moment = iota
	before        // the call
	after         // it
	within        // a write: after half of it
)

// calls are those that the tracer knows, by number.
var calls = map[uint64]struct {
	name string
	path int // the argument that is a path, or -1: the first is a descriptor
}{
	syscall.SYS_OPENAT: {"openat", 1}, syscall.SYS_WRITE: {"write", -1}, syscall.SYS_FSYNC: {"fsync", -1},
	syscall.SYS_RENAMEAT: {"rename", 1}, renameat2: {"rename", 1}, syscall.SYS_CLOSE: {"close", -1},
	syscall.SYS_FTRUNCATE: {"ftruncate", -1}, syscall.SYS_MKDIRAT: {"mkdir", 1}, syscall.SYS_UNLINKAT: {"unlink", 1},
	syscall.SYS_FLOCK: {"flock", -1}, syscall.SYS_READ: {"read", -1}, syscall.SYS_PREAD64: {"read", -1}, syscall.SYS_PWRITE64: {"pwrite", -1},
	syscall.SYS_GETDENTS64: {"getdents", -1}, syscall.SYS_LSEEK: {"lseek", -1}, syscall.SYS_FSTAT: {"fstat", -1},
}

const (
	renameat2  = 316
	exitKill   = 0x100000   // PTRACE_O_EXITKILL: the process does not outlive its tracer
	allThreads = 0x40000000 // __WALL
	ownThreads = 0x20000000 // __WNOTHREAD: leaves the other children of the test alone
)

// tracer watches a process.
type tracer struct {
	pid    int
	dir    string
	mem    *os.File
	judge  func(n int, c call) verdict
	inside map[int]bool    // threads that are in a system call
	due    map[int]verdict // what is left to do when the call returns
	log    []call
}

// traced runs a command and asks judge about each of its calls on dir, which it
// counts from 1 over all threads.
func traced(t *testing.T, args []string, dir string, judge func(n int, c call) verdict) (outcome, []call) {
	t.Helper()
	runtime.LockOSThread() // a thread is the tracer, not a process
	defer runtime.UnlockOSThread()
	streams := [2]*os.File{}
	for i := range streams {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		streams[i] = f
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	pid, err := syscall.ForkExec(args[0], args, &syscall.ProcAttr{
		Dir: programs, Env: os.Environ(), Files: []uintptr{null.Fd(), streams[0].Fd(), streams[1].Fd()},
		Sys: &syscall.SysProcAttr{Ptrace: true},
	})
	if err != nil {
		t.Skipf("ptrace is not allowed here: %v; in a container, give it SYS_PTRACE", err)
	}
	tr := &tracer{pid: pid, dir: dir, judge: judge, inside: make(map[int]bool), due: make(map[int]verdict)}
	hangs := time.AfterFunc(patience, func() { syscall.Kill(pid, syscall.SIGKILL) })
	code, err := tr.trace()
	if err != nil {
		t.Fatalf("tracing %s: %v", strings.Join(args, " "), err)
	}
	if !hangs.Stop() {
		t.Errorf("%s hangs for %v", strings.Join(args, " "), patience)
	}
	o := outcome{code: code}
	for i, text := range []*string{&o.stdout, &o.stderr} {
		content, err := os.ReadFile(streams[i].Name())
		if err != nil {
			t.Fatal(err)
		}
		*text = string(content)
	}
	noPanic(t, o)
	return o, tr.log
}

// trace goes from stop to stop until the process is gone.
func (tr *tracer) trace() (code int, err error) {
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(tr.pid, &status, allThreads, nil); err != nil {
		return 0, err
	}
	options := exitKill | syscall.PTRACE_O_TRACESYSGOOD | syscall.PTRACE_O_TRACECLONE
	if err := syscall.PtraceSetOptions(tr.pid, options); err != nil {
		return 0, err
	}
	if tr.mem, err = os.Open(fmt.Sprintf("/proc/%d/mem", tr.pid)); err != nil {
		return 0, err
	}
	defer tr.mem.Close()
	for thread := tr.pid; ; {
		signal := 0
		if status.Stopped() {
			signal = tr.stopped(thread, status)
			// A thread that has been killed meanwhile is no longer there.
			if err := syscall.PtraceSyscall(thread, signal); err != nil && err != syscall.ESRCH {
				return 0, err
			}
		}
		for {
			thread, err = syscall.Wait4(-1, &status, allThreads|ownThreads, nil)
			if err != syscall.EINTR {
				break
			}
		}
		switch {
		case err != nil:
			return 0, err
		case thread == tr.pid && status.Exited():
			return status.ExitStatus(), nil
		case thread == tr.pid && status.Signaled():
			return 128 + int(status.Signal()), nil
		}
	}
}

// stopped looks at a thread that stands still, and returns the signal that it is
// to get.
func (tr *tracer) stopped(thread int, status syscall.WaitStatus) (signal int) {
	switch s := status.StopSignal(); {
	case s == syscall.SIGTRAP|0x80:
		tr.inside[thread] = !tr.inside[thread]
		var regs syscall.PtraceRegs
		if syscall.PtraceGetRegs(thread, &regs) != nil {
			return 0
		}
		if tr.inside[thread] {
			tr.enter(thread, &regs)
		} else {
			tr.leave(thread, &regs)
		}
		return 0
	case s == syscall.SIGTRAP, s == syscall.SIGSTOP: // an event, or a new thread
		return 0
	default:
		return int(s)
	}
}

func (tr *tracer) enter(thread int, regs *syscall.PtraceRegs) {
	known, ok := calls[regs.Orig_rax]
	if !ok {
		return
	}
	c := call{name: known.name}
	if known.path < 0 {
		c.paths = []string{tr.descriptor(int(regs.Rdi), &c)}
	} else {
		c.paths = []string{tr.text(regs.Rsi)}
		if c.name == "rename" {
			c.paths = append(c.paths, tr.text(regs.R10))
		}
	}
	if path := c.paths[0]; path != tr.dir && !strings.HasPrefix(path, tr.dir+"/") {
		return
	}
	tr.log = append(tr.log, c)
	v := tr.judge(len(tr.log), c)
	switch {
	case v.kill == before:
		syscall.Kill(tr.pid, syscall.SIGKILL)
		return
	case v.kill == within && c.name == "write":
		regs.Rdx /= 2
		syscall.PtraceSetRegs(thread, regs)
	case v.errno != 0 && c.name != "close":
		regs.Orig_rax = ^uint64(0) // no such call: the kernel does nothing
		syscall.PtraceSetRegs(thread, regs)
	}
	tr.due[thread] = v
}

func (tr *tracer) leave(thread int, regs *syscall.PtraceRegs) {
	v := tr.due[thread]
	delete(tr.due, thread)
	if v.kill != never {
		syscall.Kill(tr.pid, syscall.SIGKILL)
	}
	if v.errno != 0 {
		regs.Rax = -uint64(v.errno)
		syscall.PtraceSetRegs(thread, regs)
	}
}

// text is the string at an address.
func (tr *tracer) text(address uint64) string {
	buffer := make([]byte, 4096)
	n, _ := tr.mem.ReadAt(buffer, int64(address))
	text, _, _ := bytes.Cut(buffer[:n], []byte{0})
	return string(text)
}

// descriptor is the path of an open file, and notes in c how it is open.
func (tr *tracer) descriptor(fd int, c *call) string {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tr.pid, fd))
	if err != nil {
		return ""
	}
	if !strings.HasPrefix(path, tr.dir) {
		return path
	}
	info, _ := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", tr.pid, fd))
	var position, flags int
	fmt.Sscanf(string(info), "pos:\t%d\nflags:\t%o", &position, &flags)
	c.reader = flags&syscall.O_ACCMODE == syscall.O_RDONLY
	return path
}

// TestTracer: what the tracer sees of a run is what a run is known to do, and
// looking does not change it.
func TestTracer(t *testing.T) {
	both(t, tiny, func(t *testing.T, p plan) {
		dir := t.TempDir()
		folder := filepath.Join(dir, "run")
		o, log := traced(t, p.begin(folder), dir, func(int, call) verdict { return verdict{} })
		if o.code != 0 || o.stderr != "" {
			t.Fatal(o)
		}
		same(t, "tracing", folder, p.want(t))
		seen := make(tally)
		synced := 0
		for _, c := range log {
			seen[c.name]++
			if filepath.Base(c.paths[0]) == "steps.csv" && c.name == "fsync" {
				synced++
			}
		}
		t.Logf("%d calls: %v", len(log), seen)
		// 5 checkpoints, the first one before any step, config.json, 3 times the 2
		// files of the history, the model in two forms, three files of the report, the
		// result, and the folder itself. Each file is synced before its folder is.
		const files = 5 + 1 + 6 + 2 + 3 + 1
		// The folder of the checkpoints is, in its own, and so are those of the event
		// files as they are made and as the files are opened, and of steps.csv.
		const folders = 1 + (2 + 3) + (1 + 3) + 1
		// For a checkpoint steps.csv is synced, and the event files that are there.
		const logs = 4 + 4 + 3
		if seen["rename"] != files+1 || seen["fsync"] != 2*files+1+folders+logs || synced != 4 {
			t.Errorf("%d renames, %d fsyncs, %d of steps.csv", seen["rename"], seen["fsync"], synced)
		}
	})
}
