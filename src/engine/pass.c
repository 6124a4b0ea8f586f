/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Observations are cut into a fixed number of blocks. A thread sums a block's statistics in a buffer of its own and adds
 * it to the total when the blocks before have been added: the order of the additions never depends on the threads. */
#include "engine/pass.h"

#include <math.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 24 };

int pass_threads(const struct em_settings *s)
{
	int n = (int)em_settings_number(s, "threads");
	return n > 0 ? n : omp_get_max_threads();
}

static double *aligned(size_t doubles)
{
	return aligned_alloc(64, (doubles * sizeof(double) + 127) / 64 * 64);
}

struct shared {
	const struct em_hooks *hooks;
	const char *what;
	atomic_bool stop;
	atomic_size_t done;
	size_t of;
};

/* True when the work has to end. */
static bool tick(struct shared *sh)
{
	const struct em_hooks *h = sh->hooks;
	if (h && h->cancelled && h->cancelled(h->self))
		atomic_store(&sh->stop, true);
	size_t done = atomic_fetch_add(&sh->done, 1) + 1;
	if (h && h->progress)
		h->progress(h->self, sh->what, done, sh->of);
	return atomic_load(&sh->stop);
}

static void one(const struct pass *x, size_t n, double *stats, double *work)
{
	size_t stride = x->p->layout.q_stride;
	bool mine = n >= x->from && n < x->to;
	struct em_theta t = *x->t;
	t.fresh = mine && x->budget && !x->progress[n].done;
	if (t.fresh)
		x->p->model->e_step(x->p, x->t, n, x->budget, x->q_before + n * stride, x->before + n, x->q + n * stride,
		                    x->progress + n, work);
	if (mine || stats)
		x->p->model->collect(x->p, &t, n, x->q + n * stride, stats, x->bounds + n, work);
}

enum em_status pass_run(const struct pass *x, const struct em_hooks *hooks, struct em_err *err)
{
	const struct em_layout *l = &x->p->layout;
	size_t from = x->stats ? 0 : x->from, to = x->stats ? l->observations : x->to, n = to - from;
	size_t blocks = n < BLOCKS ? n : BLOCKS;
	int threads = x->threads ? x->threads : pass_threads(x->p->settings);
	if ((size_t)threads > blocks)
		threads = blocks ? (int)blocks : 1;
	size_t work_room = (l->work_size + 15) / 8 * 8, stats_room = x->stats ? (l->stats_size + 15) / 8 * 8 : 0;
	double *room = aligned((work_room + stats_room) * (size_t)threads);
	if (!room)
		return em_no_memory(err);
	struct shared sh = {.hooks = hooks, .what = x->what, .of = n};
#pragma omp parallel num_threads(threads)
	{
		double *work = room + (size_t)omp_get_thread_num() * (work_room + stats_room), *local = work + work_room;
#pragma omp for ordered schedule(dynamic, 1)
		for (size_t b = 0; b < blocks; b++) {
			if (x->stats)
				memset(local, 0, l->stats_size * sizeof *local);
			size_t end = from + (b + 1) * n / blocks;
			for (size_t i = from + b * n / blocks; i < end && !tick(&sh); i++)
				one(x, i, x->stats ? local : NULL, work);
#pragma omp ordered
			if (x->stats)
				for (size_t i = 0; i < l->stats_size; i++)
					x->stats[i] += local[i];
		}
	}
	free(room);
	return atomic_load(&sh.stop) ? em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood") : EM_OK;
}

struct job_cost {
	double seconds;
	size_t n;
};

static int cheaper(const void *a, const void *b)
{
	const struct job_cost *x = a, *y = b;
	if (x->seconds != y->seconds)
		return x->seconds < y->seconds ? -1 : 1;
	return x->n < y->n ? -1 : x->n > y->n;
}

/* The observations to sum exactly, cheapest first. The cost model is fixed, so every machine chooses the same. */
static size_t choose(const struct em_problem *p, const struct em_evidence *method, struct job_cost *jobs)
{
	double each = em_settings_number(p->settings, "evidence_budget");
	double all = em_settings_number(p->settings, "evidence_step"), spent = 0;
	size_t count = 0, kept = 0;
	for (size_t n = 0; n < p->layout.observations; n++) {
		double cost = method->cost(p, n);
		if (cost <= each && each > 0)
			jobs[count++] = (struct job_cost){cost, n};
	}
	qsort(jobs, count, sizeof *jobs, cheaper);
	while (kept < count && (spent += jobs[kept].seconds) <= all)
		kept++;
	return kept;
}

enum em_status pass_evidence(const struct em_problem *p, const double *theta, const struct em_evidence *method,
                             double *log_p, const struct em_hooks *hooks, struct em_err *err)
{
	for (size_t n = 0; n < p->layout.observations; n++)
		log_p[n] = NAN;
	if (!method || !(em_settings_number(p->settings, "evidence_budget") > 0))
		return EM_OK;
	struct job_cost *jobs = calloc(p->layout.observations + 1, sizeof *jobs);
	if (!jobs)
		return em_no_memory(err);
	size_t count = choose(p, method, jobs);
	struct shared sh = {.hooks = hooks, .what = "exact log p", .of = count};
	enum em_status status = EM_OK;
	int threads = pass_threads(p->settings);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
	for (size_t i = 0; i < count; i++) {
		struct em_err own = {0};
		size_t n = jobs[count - 1 - i].n; /* the dearest first: the threads end together */
		if (tick(&sh))
			continue;
		enum em_status st = method->log_evidence(p, theta, n, log_p + n, hooks ? hooks->cancelled : NULL,
		                                         hooks ? hooks->self : NULL, &own);
		if (st) {
			atomic_store(&sh.stop, true);
#pragma omp critical(elbow_evidence)
			if (!status) {
				status = st;
				if (err)
					*err = own;
			}
		}
	}
	free(jobs);
	if (!status && atomic_load(&sh.stop))
		return em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood");
	return status;
}
