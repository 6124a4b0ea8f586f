/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One parallel pass over the observations, with the same bits on any number of threads. */
#ifndef ELBOW_ENGINE_PASS_H
#define ELBOW_ENGINE_PASS_H

#include "elbow/run.h"

struct pass {
	const struct em_problem *p;
	const struct em_theta *t;
	const char *what;             /* for progress */
	int threads;                  /* 0: as the settings say */
	/* E-steps on observations from..to-1 that are not done, of at most `budget` sweeps each; budget 0: none. */
	size_t from, to;
	uint32_t budget;
	const double *q_before;
	const struct em_bound *before;
	double *q;
	struct em_progress *progress;
	/* Then their bounds; with stats, the bounds and statistics of all observations. */
	struct em_bound *bounds;
	double *stats;
};

/* EM_CANCELLED or EM_MEMORY leave the outputs half written: they are the caller's to throw away. */
enum em_status pass_run(const struct pass *x, const struct em_hooks *hooks, struct em_err *err);

/* log p of each observation that `method` can afford (settings evidence_budget and evidence_step), NAN for the others. */
enum em_status pass_evidence(const struct em_problem *p, const double *theta, const struct em_evidence *method,
                             double *log_p, const struct em_hooks *hooks, struct em_err *err);

/* Threads that the settings allow. */
int pass_threads(const struct em_settings *s);

#endif
