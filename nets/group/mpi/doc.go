// Package mpi is a process group on Open MPI: all of the house's cgo, and only
// in builds with -tags mpi.
//
// MPI carries messages between pairs of ranks and nothing else: a sum is made of
// them here (exchange.c), because MPI's own reductions choose their order by
// number of ranks, size and version, and because who waits for a message knows
// from whom it does not come, which MPI_Allreduce does not say.
//
//	sum:  rank r gathers the r-th part of every rank's array, adds them in the
//	      ranks' order and sends the sum to all. Each rank sends and receives
//	      2(n-1)/n of the array in 2(n-1) messages, as a ring does.
//
// One goroutine, locked to its thread, makes every call (MPI_THREAD_FUNNELED).
// While it waits it spins for some milliseconds, then naps. Handles, status and
// MPI_IN_PLACE stay in C, and no call of Go's returns while MPI knows an address
// of Go's memory. An error code becomes a Go error with MPI's words.
//
// A rank that waits longer than the timeout asks all others for a sign of life.
// A rank's MPI thread answers also while the program computes, so no answer for
// as long again means a process that is stopped, or a host that is gone; one that
// answers, and still has not come after ten timeouts, hangs in a call of its own.
// The lowest rank of those that are alive names it on stderr and aborts the job.
package mpi
