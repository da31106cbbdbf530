//go:build mpi

#include "exchange.h"

#include <mpi.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TAG_GATHER = 1, TAG_SPREAD, TAG_LIFE };

// part is the least number of elements that are worth a message of their own: an
// array below it is summed by rank 0 alone.
enum { PART = 1024 };

typedef struct {
	int64_t asks; // 1: answer me
	int64_t calls; // collective calls that the sender has begun
} sign;

static struct {
	int rank, size, local;
	double timeout; // seconds
	int parting;    // a rank that answers may come as late as it will
	MPI_Comm data, life;
	MPI_Request *requests; // 2·size
	char *scratch;
	size_t scratch_size;
	int64_t calls;

	int *process;
	char (*host)[MPI_MAX_PROCESSOR_NAME];

	sign *out;      // to each rank, while it is on its way
	int *heard;     // since the last asking
	int64_t *theirs; // calls of each rank, as last heard
	int *missing;
} g;

#define TRY(call) do { int code_ = (call); if (code_ != 0) return code_; } while (0)

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static void nap(double seconds) {
	struct timespec t = {0, (long)(seconds * 1e9)};
	nanosleep(&t, NULL);
}

static void send_sign(int to, int asks) {
	MPI_Request r;
	g.out[to] = (sign){asks, g.calls};
	if (MPI_Isend(&g.out[to], sizeof(sign), MPI_BYTE, to, TAG_LIFE, g.life, &r) == MPI_SUCCESS)
		MPI_Request_free(&r);
}

void exchange_answer(void) {
	int there = 0;
	MPI_Status status;
	while (MPI_Iprobe(MPI_ANY_SOURCE, TAG_LIFE, g.life, &there, &status) == MPI_SUCCESS && there) {
		sign in;
		if (MPI_Recv(&in, sizeof in, MPI_BYTE, status.MPI_SOURCE, TAG_LIFE, g.life, MPI_STATUS_IGNORE) != MPI_SUCCESS)
			return;
		g.heard[status.MPI_SOURCE] = 1;
		g.theirs[status.MPI_SOURCE] = in.calls;
		if (in.asks)
			send_sign(status.MPI_SOURCE, 0);
	}
}

static void ask(void) {
	for (int r = 0; r < g.size; r++) {
		g.heard[r] = r == g.rank;
		g.theirs[r] = r == g.rank ? g.calls : 0;
		if (r != g.rank)
			send_sign(r, 1);
	}
}

// find_missing says whether somebody has not answered, or, when the last
// patience is gone, has answered from an earlier call.
static int find_missing(int last) {
	int found = 0;
	for (int r = 0; r < g.size; r++) {
		g.missing[r] = !g.heard[r] ? 1 : last && g.theirs[r] < g.calls ? 2 : 0;
		found |= g.missing[r] == 1;
	}
	for (int r = 0; last && r < g.size; r++)
		found |= g.missing[r] != 0;
	return found;
}

int exchange_missing(int rank) { return g.missing[rank]; }

// wait_all waits until the first n requests are done. It spins, then naps; and
// looks after its neighbours when it has waited long.
static int wait_all(int n) {
	double began = now(), looked = began, asked = 0;
	for (;;) {
		int done = 0;
		TRY(MPI_Testall(n, g.requests, &done, MPI_STATUSES_IGNORE));
		if (done)
			return EXCHANGE_OK;
		double t = now();
		if (t - began < 0.005)
			continue;
		nap(50e-6);
		if (t - looked < 0.05)
			continue;
		looked = t;
		exchange_answer();
		if (t - began < g.timeout)
			continue;
		if (asked == 0) {
			ask();
			asked = t;
		} else if (t - asked >= g.timeout) {
			if (find_missing(!g.parting && t - began >= 10 * g.timeout))
				return EXCHANGE_SILENT;
			asked = 0;
		}
	}
}

static int room(size_t n) {
	if (n <= g.scratch_size)
		return EXCHANGE_OK;
	free(g.scratch);
	g.scratch_size = 0;
	g.scratch = NULL;
	if (posix_memalign((void **)&g.scratch, 64, n) != 0)
		return EXCHANGE_MEMORY;
	g.scratch_size = n;
	return EXCHANGE_OK;
}

// first is where the part of n elements begins that a rank sums.
static size_t first(size_t n, int rank) {
	size_t parts = n / PART + 1;
	if (parts > (size_t)g.size)
		parts = g.size;
	return (size_t)rank < parts ? n / parts * rank + n % parts * rank / parts : n;
}

// add sums, in the ranks' order, the own elements and the other ranks', which lie
// one rank's after the other. A block at a time stays in the cache.
#define ADD(T)                                                                          \
	static void add_##T(T *own, const T *others, size_t n, const T *weights) {          \
		enum { BLOCK = 2048 };                                                          \
		T sum[BLOCK];                                                                   \
		for (size_t at = 0; at < n; at += BLOCK) {                                      \
			size_t m = n - at < BLOCK ? n - at : BLOCK;                                 \
			const T *next = others + at;                                                \
			for (int r = 0; r < g.size; r++) {                                          \
				const T *x = own + at, w = weights ? weights[r] : 1;                    \
				if (r != g.rank) {                                                      \
					x = next;                                                           \
					next += n;                                                          \
				}                                                                       \
				if (r == 0)                                                             \
					for (size_t i = 0; i < m; i++) sum[i] = w * x[i];                   \
				else                                                                    \
					for (size_t i = 0; i < m; i++) sum[i] += w * x[i];                  \
			}                                                                           \
			memcpy(own + at, sum, m * sizeof(T));                                       \
		}                                                                               \
	}

#define SUM(T, TYPE)                                                                    \
	ADD(T)                                                                              \
	int exchange_sum_##T(T *x, size_t n, const T *weights) {                            \
		g.calls++;                                                                      \
		size_t lo = first(n, g.rank), hi = first(n, g.rank + 1), mine = hi - lo;        \
		TRY(room(mine * sizeof(T) * (g.size - 1)));                                     \
		T *others = (T *)g.scratch;                                                     \
		int k = 0;                                                                      \
		for (int r = 0, slot = 0; r < g.size && mine; r++)                              \
			if (r != g.rank)                                                            \
				TRY(MPI_Irecv(others + mine * slot++, (int)mine, TYPE, r, TAG_GATHER,   \
					g.data, &g.requests[k++]));                                         \
		for (int i = 1; i < g.size; i++) { /* not all to the same rank at once */       \
			int r = (g.rank + i) % g.size;                                              \
			size_t from = first(n, r), to = first(n, r + 1);                            \
			if (from < to)                                                              \
				TRY(MPI_Isend(x + from, (int)(to - from), TYPE, r, TAG_GATHER,          \
					g.data, &g.requests[k++]));                                         \
		}                                                                               \
		TRY(wait_all(k));                                                               \
		add_##T(x + lo, others, mine, weights);                                         \
		k = 0;                                                                          \
		for (int r = 0; r < g.size; r++) {                                              \
			size_t from = first(n, r), to = first(n, r + 1);                            \
			if (r != g.rank && from < to)                                               \
				TRY(MPI_Irecv(x + from, (int)(to - from), TYPE, r, TAG_SPREAD,          \
					g.data, &g.requests[k++]));                                         \
		}                                                                               \
		for (int i = 1; i < g.size && mine; i++)                                        \
			TRY(MPI_Isend(x + lo, (int)mine, TYPE, (g.rank + i) % g.size, TAG_SPREAD,   \
				g.data, &g.requests[k++]));                                             \
		return wait_all(k);                                                             \
	}

SUM(float, MPI_FLOAT)
SUM(double, MPI_DOUBLE)

int exchange_broadcast(char *p, size_t n) {
	g.calls++;
	TRY(MPI_Ibcast(p, (int)n, MPI_BYTE, 0, g.data, &g.requests[0]));
	return wait_all(1);
}

int exchange_barrier(void) {
	g.calls++;
	TRY(MPI_Ibarrier(g.data, &g.requests[0]));
	return wait_all(1);
}

int exchange_part(void) {
	g.parting = 1;
	return exchange_barrier();
}

// introduce tells every rank the others' process and host.
static int introduce(int process) {
	int length = 0;
	char host[MPI_MAX_PROCESSOR_NAME] = "";
	TRY(MPI_Get_processor_name(host, &length));
	TRY(MPI_Iallgather(&process, 1, MPI_INT, g.process, 1, MPI_INT, g.data, &g.requests[0]));
	TRY(wait_all(1));
	TRY(MPI_Iallgather(host, sizeof host, MPI_CHAR, g.host, sizeof host, MPI_CHAR, g.data, &g.requests[0]));
	TRY(wait_all(1));
	for (int r = 0; r < g.size; r++)
		g.local += strcmp(g.host[r], host) == 0;
	return EXCHANGE_OK;
}

int exchange_init(double timeout, int process) {
	int provided = 0;
	TRY(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided));
	TRY(MPI_Comm_dup(MPI_COMM_WORLD, &g.data));
	TRY(MPI_Comm_dup(MPI_COMM_WORLD, &g.life));
	TRY(MPI_Comm_set_errhandler(g.data, MPI_ERRORS_RETURN));
	TRY(MPI_Comm_set_errhandler(g.life, MPI_ERRORS_RETURN));
	TRY(MPI_Comm_rank(g.data, &g.rank));
	TRY(MPI_Comm_size(g.data, &g.size));
	g.timeout = timeout;
	g.requests = calloc(2 * g.size, sizeof *g.requests);
	g.process = calloc(g.size, sizeof *g.process);
	g.host = calloc(g.size, sizeof *g.host);
	g.out = calloc(g.size, sizeof *g.out);
	g.heard = calloc(g.size, sizeof *g.heard);
	g.theirs = calloc(g.size, sizeof *g.theirs);
	g.missing = calloc(g.size, sizeof *g.missing);
	if (!g.requests || !g.process || !g.host || !g.out || !g.heard || !g.theirs || !g.missing)
		return EXCHANGE_MEMORY;
	return introduce(process);
}

int exchange_rank(void) { return g.rank; }
int exchange_size(void) { return g.size; }
int exchange_local(void) { return g.local; }
int exchange_process(int rank) { return g.process[rank]; }
const char *exchange_host(int rank) { return g.host[rank]; }
void exchange_abort(int code) { MPI_Abort(MPI_COMM_WORLD, code); }
int exchange_finalize(void) { return MPI_Finalize(); }

void exchange_error(int code, char *text, size_t n) {
	char buffer[MPI_MAX_ERROR_STRING] = "";
	int length = 0;
	if (MPI_Error_string(code, buffer, &length) != MPI_SUCCESS)
		strcpy(buffer, "unknown error");
	strncpy(text, buffer, n - 1);
	text[n - 1] = 0;
}
