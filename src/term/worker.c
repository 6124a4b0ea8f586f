/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "term/worker.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "term/signals.h"

enum { QUEUE = 32 };

struct waiting {
	unsigned long ticket;
	struct job job;
};

struct worker {
	struct session *session;
	pthread_t thread;
	int pipe[2];
	atomic_bool cancel;
	atomic_long woken; /* milliseconds of the last byte into the pipe */
	_Atomic(const char *) what;
	atomic_size_t done, of;
	/* Behind the lock. */
	pthread_mutex_t lock;
	pthread_cond_t more, over;
	struct waiting queue[QUEUE];
	size_t head, count;
	struct outcome outcomes[QUEUE + 1];
	size_t first, ended;
	unsigned long last_ticket;
	bool running, stop, gone;
	bool aside; /* what runs only fills a view: it makes way */
};

static long milliseconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void wake(struct worker *w)
{
	/* A full pipe is as good as a byte more. */
	if (write(w->pipe[1], "w", 1) < 0)
		return;
}

/* Called from several threads: the one that moves the clock on writes. */
static void wake_sometimes(struct worker *w)
{
	long now = milliseconds(), last = atomic_load(&w->woken);
	if (now - last >= 30 && atomic_compare_exchange_strong(&w->woken, &last, now))
		wake(w);
}

static bool hook_cancelled(void *self)
{
	return atomic_load_explicit(&((struct worker *)self)->cancel, memory_order_relaxed);
}

static void hook_progress(void *self, const char *what, size_t done, size_t of)
{
	struct worker *w = self;
	atomic_store(&w->what, what);
	atomic_store(&w->done, done);
	atomic_store(&w->of, of);
	wake_sometimes(w);
}

static void hook_stepped(void *self, const struct em_entry *e)
{
	(void)e;
	wake_sometimes(self);
}

/* With the lock held. There is room: submit counts what waits and what nobody asked for yet. */
static void add_outcome(struct worker *w, unsigned long ticket, const struct em_err *err)
{
	struct outcome *o = &w->outcomes[(w->first + w->ended++) % (QUEUE + 1)];
	o->ticket = ticket;
	o->err = *err;
}

static void *run(void *self)
{
	struct worker *w = self;
	const struct em_hooks hooks = {.self = w, .cancelled = hook_cancelled, .progress = hook_progress, .stepped = hook_stepped};
	void *stack = signals_stack();
	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		if (w->count == 0) {
			pthread_cond_wait(&w->more, &w->lock);
			continue;
		}
		struct waiting now = w->queue[w->head];
		w->head = (w->head + 1) % QUEUE;
		w->count--;
		w->running = true;
		w->aside = now.job.kind == JOB_LANDSCAPE || now.job.kind == JOB_STUDY || now.job.kind == JOB_EVIDENCE;
		atomic_store(&w->cancel, false);
		atomic_store(&w->what, NULL);
		atomic_store(&w->done, 0);
		atomic_store(&w->of, 0);
		pthread_mutex_unlock(&w->lock);
		struct em_err err = {.code = EM_OK};
		enum em_status st = session_perform(w->session, &now.job, &hooks, &err);
		err.code = st;
		pthread_mutex_lock(&w->lock);
		w->running = false;
		add_outcome(w, now.ticket, &err);
		wake(w);
	}
	w->gone = true;
	pthread_cond_signal(&w->over);
	pthread_mutex_unlock(&w->lock);
	signals_stack_free(stack);
	return NULL;
}

static bool open_pipe(int fd[2])
{
	if (pipe(fd))
		return false;
	for (int i = 0; i < 2; i++) {
		fcntl(fd[i], F_SETFD, FD_CLOEXEC);
		fcntl(fd[i], F_SETFL, fcntl(fd[i], F_GETFL) | O_NONBLOCK);
	}
	return true;
}

struct worker *worker_start(struct session *s)
{
	struct worker *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	if (!open_pipe(w->pipe)) {
		free(w);
		return NULL;
	}
	w->session = s;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	pthread_cond_init(&w->over, NULL);
	/* Threads take over the mask of the one that makes them, and so do those of OpenMP that this one makes. */
	sigset_t all, before;
	signals_maskable(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int bad = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!bad)
		return w;
	close(w->pipe[0]);
	close(w->pipe[1]);
	free(w);
	return NULL;
}

bool worker_stop(struct worker *w)
{
	struct timespec until;
	if (!w)
		return true;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	atomic_store(&w->cancel, true);
	pthread_cond_signal(&w->more);
	for (int late = 0; !w->gone && !late;)
		late = pthread_cond_timedwait(&w->over, &w->lock, &until);
	bool gone = w->gone;
	pthread_mutex_unlock(&w->lock);
	if (!gone)
		return false;
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->more);
	pthread_cond_destroy(&w->over);
	pthread_mutex_destroy(&w->lock);
	close(w->pipe[0]);
	close(w->pipe[1]);
	free(w);
	return true;
}

unsigned long worker_submit(struct worker *w, const struct job *job)
{
	unsigned long ticket = 0;
	pthread_mutex_lock(&w->lock);
	if (w->count + w->ended + w->running < QUEUE) {
		ticket = ++w->last_ticket;
		struct waiting *q = &w->queue[(w->head + w->count++) % QUEUE];
		q->ticket = ticket;
		q->job = *job;
		if (w->running && w->aside)
			atomic_store(&w->cancel, true);
		pthread_cond_signal(&w->more);
	}
	pthread_mutex_unlock(&w->lock);
	return ticket;
}

bool worker_outcome(struct worker *w, struct outcome *out)
{
	pthread_mutex_lock(&w->lock);
	bool any = w->ended > 0;
	if (any) {
		*out = w->outcomes[w->first];
		w->first = (w->first + 1) % (QUEUE + 1);
		w->ended--;
	}
	pthread_mutex_unlock(&w->lock);
	return any;
}

bool worker_busy(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	bool busy = w->running || w->count > 0;
	pthread_mutex_unlock(&w->lock);
	return busy;
}

void worker_cancel(struct worker *w)
{
	struct em_err err = {.code = EM_CANCELLED};
	pthread_mutex_lock(&w->lock);
	if (w->running)
		atomic_store(&w->cancel, true);
	for (; w->count > 0; w->count--) {
		add_outcome(w, w->queue[w->head].ticket, &err);
		w->head = (w->head + 1) % QUEUE;
	}
	pthread_mutex_unlock(&w->lock);
	wake(w);
}

void worker_progress(struct worker *w, const char **what, size_t *done, size_t *of)
{
	*what = atomic_load(&w->what);
	*done = atomic_load(&w->done);
	*of = atomic_load(&w->of);
}

int worker_fd(const struct worker *w)
{
	return w->pipe[0];
}

void worker_drain(struct worker *w)
{
	char bytes[64];
	while (read(w->pipe[0], bytes, sizeof bytes) > 0)
		;
}
