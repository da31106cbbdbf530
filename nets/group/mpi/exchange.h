#ifndef STHENO_EXCHANGE_H
#define STHENO_EXCHANGE_H

#include <stddef.h>

// What a call returns: an MPI error code, which is above these, or
enum {
	EXCHANGE_OK = 0,
	EXCHANGE_SILENT = -1, // ranks do not come: exchange_missing says which
	EXCHANGE_MEMORY = -2,
};

int exchange_init(double timeout, int process);
int exchange_rank(void);
int exchange_size(void);
int exchange_local(void);
int exchange_process(int rank);
const char *exchange_host(int rank);

// x becomes the sum over the ranks r of weights[r]·x; null weights are 1.
int exchange_sum_float(float *x, size_t n, const float *weights);
int exchange_sum_double(double *x, size_t n, const double *weights);
int exchange_broadcast(char *p, size_t n);
int exchange_barrier(void);

// The last barrier, which waits for ranks that live without end: one may have
// work that the others do not share.
int exchange_part(void);

// Answers other ranks that ask whether this one is alive.
void exchange_answer(void);

// After EXCHANGE_SILENT: whether a rank has been silent (1), or answers but does
// not come (2), or neither (0).
int exchange_missing(int rank);

void exchange_abort(int code);
int exchange_finalize(void);
void exchange_error(int code, char *text, size_t n);

#endif
