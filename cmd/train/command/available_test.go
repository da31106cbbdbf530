package command

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// machine is a fake root of a file system with these files.
func machine(t *testing.T, files map[string]string) system {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return system{root}
}

func TestAvailableMemory(t *testing.T) {
	const (
		meminfo = "MemTotal:       24684068 kB\nMemFree:        1 kB\nMemAvailable:   1000000 kB\n"
		v2mount = "41 31 0:38 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
		v1mount = "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	)
	for name, c := range map[string]struct {
		files map[string]string
		want  int // -1: not known
	}{
		"nothing": {nil, -1},
		"meminfo": {map[string]string{"proc/meminfo": meminfo}, 1000000 << 10},
		"v2, its own group": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/jobs/a\n", "proc/self/mountinfo": v2mount,
			"sys/fs/cgroup/jobs/a/memory.max": "5000\n", "sys/fs/cgroup/jobs/a/memory.current": "1000\n",
			"sys/fs/cgroup/jobs/b/memory.max": "10\n", "sys/fs/cgroup/jobs/b/memory.current": "1\n", // is another's
		}, 4000},
		"v2, a group above": {map[string]string{
			"proc/self/cgroup": "0::/jobs/a/b\n", "proc/self/mountinfo": v2mount,
			"sys/fs/cgroup/jobs/a/b/memory.max": "max\n", "sys/fs/cgroup/jobs/a/b/memory.current": "1000\n",
			"sys/fs/cgroup/jobs/memory.max": "3000\n", "sys/fs/cgroup/jobs/memory.current": "1200\n",
			"sys/fs/cgroup/jobs/a/memory.max": "9000\n", "sys/fs/cgroup/jobs/a/memory.current": "1100\n",
		}, 1800},
		"v2, full of page cache": {map[string]string{
			"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": v2mount,
			"sys/fs/cgroup/a/memory.max": "5000\n", "sys/fs/cgroup/a/memory.current": "5000\n",
			"sys/fs/cgroup/a/memory.stat": "anon 700\nfile 4300\ninactive_anon 100\nactive_file 300\ninactive_file 3900\n",
		}, 4200},
		"v2, in a container": {map[string]string{
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": "1 0 0:1 / / rw - overlay overlay rw\n" + v2mount,
			"sys/fs/cgroup/memory.max": "5000\n", "sys/fs/cgroup/memory.current": "1500\n",
		}, 3500},
		"v1": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "5:cpuset:/\n4:memory:/jobs/a\n0::/\n", "proc/self/mountinfo": v1mount + v2mount,
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n", "sys/fs/cgroup/memory/memory.usage_in_bytes": "900000\n",
			"sys/fs/cgroup/memory/jobs/a/memory.limit_in_bytes": "6000\n", "sys/fs/cgroup/memory/jobs/a/memory.usage_in_bytes": "5900\n",
			"sys/fs/cgroup/memory/jobs/a/memory.stat": "cache 1\ninactive_file 1\nactive_file 1\ntotal_inactive_file 4000\ntotal_active_file 500\n",
		}, 4600},
		"v1, a mount of the group itself": {map[string]string{ // as Docker makes it
			"proc/self/cgroup": "4:cpu,memory:/docker/ab\n", "proc/self/mountinfo": "35 31 0:32 /docker/ab /sys/fs/cgroup/my\\040memory ro - cgroup cgroup rw,cpu,memory\n",
			"sys/fs/cgroup/my memory/memory.limit_in_bytes": "6000\n", "sys/fs/cgroup/my memory/memory.usage_in_bytes": "5000\n",
		}, 1000},
		"a mount of another group": {map[string]string{
			"proc/self/cgroup": "4:memory:/\n", "proc/self/mountinfo": "35 31 0:32 /docker/ab /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "6000\n", "sys/fs/cgroup/memory/memory.usage_in_bytes": "5000\n",
		}, 1000},
		"more is used than allowed": {map[string]string{
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": v2mount,
			"sys/fs/cgroup/memory.max": "5000\n", "sys/fs/cgroup/memory.current": "5001\n",
		}, 0},
		"ulimit -v": {map[string]string{
			"proc/meminfo":     meminfo,
			"proc/self/limits": "Limit                     Soft Limit           Hard Limit           Units     \nMax data size             unlimited            unlimited            bytes     \nMax address space         805306368            unlimited            bytes     \n",
			"proc/self/status": "Name:\tmlp\nVmSize:\t  262144 kB\nVmData:\t 1 kB\n",
		}, 768<<20 - 256<<20 - allowance},
		"ulimit -d": {map[string]string{
			"proc/meminfo":     meminfo,
			"proc/self/limits": "Max data size             805306368            805306368            bytes     \nMax address space         unlimited            unlimited            bytes     \n",
			"proc/self/status": "VmSize:\t  99999999 kB\nVmData:\t 102400 kB\n",
		}, 768<<20 - 100<<20 - allowance},
		"cut off": {map[string]string{
			"proc/meminfo": "MemAvailable:", "proc/self/cgroup": "0:\n4:memory", "proc/self/mountinfo": "1 2 - cgroup2\n - \n35 31 0:32 / /sys/fs/cgroup\n",
			"proc/self/limits": "Max data size", "proc/self/status": "VmSize:",
		}, -1},
	} {
		bytes, known := machine(t, c.files).available()
		if known != (c.want >= 0) || known && bytes != c.want {
			t.Errorf("%s: %d, %v; want %d", name, bytes, known, c.want)
		}
	}
}

// TestPageCacheOfARealGroupIsFree fills a real control group with a file's pages.
func TestPageCacheOfARealGroupIsFree(t *testing.T) {
	if path := os.Getenv("STHENO_TEST_FILL"); path != "" { // in the group
		if err := os.WriteFile(path, make([]byte, 72<<20), 0o666); err != nil {
			t.Fatal(err)
		}
		bytes, known := availableMemory()
		fmt.Println("available", bytes, known)
		return
	}
	if testing.Short() {
		t.Skip("a program that looks for races has no room in the group")
	}
	const mount = "/sys/fs/cgroup/memory"
	if _, err := os.Stat(filepath.Join(mount, "memory.limit_in_bytes")); err != nil || os.Getuid() != 0 {
		t.Skip("needs root and control groups of version 1")
	}
	group, err := os.MkdirTemp(mount, "stheno-test-")
	if err != nil {
		t.Skip("no control group can be made: ", err)
	}
	defer os.Remove(group)
	if err := os.WriteFile(filepath.Join(group, "memory.limit_in_bytes"), []byte(strconv.Itoa(160<<20)), 0); err != nil {
		t.Skip("no limit can be set: ", err)
	}
	cmd := exec.Command("sh", "-c", `echo $$ > "$1" && exec "$0" -test.run "^TestPageCacheOfARealGroupIsFree$"`, os.Args[0], filepath.Join(group, "cgroup.procs"))
	cmd.Env = append(os.Environ(), "STHENO_TEST_FILL="+filepath.Join(t.TempDir(), "file"))
	out, err := cmd.CombinedOutput()
	_, after, ok := bytes.Cut(out, []byte("available "))
	text, _, _ := strings.Cut(string(after), " ")
	available, err2 := strconv.Atoi(text)
	if err != nil || !ok || err2 != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// 72 MiB are anonymous memory, 72 are the file's pages.
	if available < 50<<20 || available > 160<<20 {
		t.Errorf("%d MiB of 160 are available beside a file of 72", available>>20)
	}
}
