/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One thread that performs jobs, so that the screen never waits for the engine. */
#ifndef ELBOW_TERM_WORKER_H
#define ELBOW_TERM_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#include "command/session.h"

struct worker;

/* How a job ended. */
struct outcome {
	unsigned long ticket;
	struct em_err err; /* code EM_OK when all went well */
};

/* NULL when the system refuses. The thread takes no signals. */
struct worker *worker_start(struct session *s);
/* Cancels what runs, waits for it, frees. NULL is allowed. False when it does not stop within a second, blocked in the
 * system reading a pipe: then thread and session are still in use, and all that is left is to end the program. */
bool worker_stop(struct worker *w);

/* Queues a copy of the job; its ticket (never 0), or 0 when the queue is full. A landscape under way makes way for it. */
unsigned long worker_submit(struct worker *w, const struct job *job);
/* The oldest outcome not yet asked for; false when there is none. */
bool worker_outcome(struct worker *w, struct outcome *out);
/* A job runs or waits. */
bool worker_busy(struct worker *w);
/* Stops the running job and forgets those that wait; each gives its outcome all the same. */
void worker_cancel(struct worker *w);

/* What the running job is at; *what is NULL before it said anything. Strings are static. */
void worker_progress(struct worker *w, const char **what, size_t *done, size_t *of);

/* Readable when there is something new to draw, at most about every 30 ms and at the end of a job. */
int worker_fd(const struct worker *w);
void worker_drain(struct worker *w);

#endif
