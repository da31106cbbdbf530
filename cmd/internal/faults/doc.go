// Package faults has no code, only tests of the built programs as processes:
// what is left of a run when the process is killed, when a system call fails,
// when the disk is full, and what a resume makes of it.
//
// The promise is always the same one: whatever has happened, -resume ends with
// the bytes of a run that was never disturbed, and if there is nothing to resume
// yet, a new run begins as if nothing had been.
//
// go test tries a sample, in less than a minute. All of it, a hundred kills at
// random moments and a hundred inside of saves for each network, and each system
// call on the run's files failing in each way, takes
//
//	go test ./cmd/internal/faults -full -timeout 0
//
// Kills and failures are aimed with ptrace, by a tracer in trace_test.go: strace
// counts the calls of each thread for itself, and a Go program changes threads as
// it likes. The tracer knows Linux on amd64; elsewhere its tests do not exist.
//
// With Open MPI the same is asked of runs of several ranks: one is killed, stopped
// or told to end, at random moments; -full tries each twenty times.
//
// Three tests mount a small file system, one starts processes that all have the
// number 1: these need root, without which they are skipped. Kills say nothing about fsync, for the system's cache survives them.
package faults
