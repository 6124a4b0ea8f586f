/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Estimates of log p where the exact one is too dear: beside the ledger's numbers, never in the way of a step. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/sum.h"
#include "elbow/evidence.h"
#include "engine/pass.h"
#include "engine/run.h"

struct asking {
	const struct em_hooks *hooks;
	atomic_size_t done;
	atomic_bool stop;
	size_t of;
};

static bool asked_to_stop(void *self)
{
	struct asking *a = self;
	const struct em_hooks *h = a->hooks;
	if (h && h->cancelled && h->cancelled(h->self))
		atomic_store(&a->stop, true);
	return atomic_load(&a->stop);
}

/* One guess for each observation that needs one. */
static enum em_status guess_all(const struct em_run *r, size_t samples, const struct em_hooks *h, struct block *out, struct em_err *err)
{
	const struct em_problem *p = &r->problem->p;
	const struct state *s = r->now;
	size_t n = p->layout.observations;
	struct asking a = {.hooks = h};
	enum em_status status = EM_OK;
	for (size_t i = 0; i < n; i++)
		a.of += isnan(s->log_p->v[i]) ? 1 : 0;
	int threads = pass_threads(p->settings);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
	for (size_t i = 0; i < n; i++) {
		struct em_err own = {0};
		if (!isnan(s->log_p->v[i]) || asked_to_stop(&a))
			continue;
		enum em_status st = r->evidence->estimate(p, s->theta->v, s->q->v + i * p->layout.q_stride, i, r->seed, samples,
		                                          state_guess(out) + i, asked_to_stop, &a, &own);
		size_t done = atomic_fetch_add(&a.done, 1) + 1;
		if (h && h->progress)
			h->progress(h->self, "estimates", done, a.of);
		if (st) {
			atomic_store(&a.stop, true);
#pragma omp critical(elbow_guess)
			if (!status) {
				status = st;
				if (err)
					*err = own;
			}
		}
	}
	if (!status && atomic_load(&a.stop))
		return em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood");
	return status;
}

/* The sum over all observations, exact and guessed; the errors are independent. */
static void tell(struct em_entry *e, double log_p, double se)
{
	e->evidence = EM_EVIDENCE_ESTIMATE;
	e->log_evidence = log_p;
	e->log_evidence_se = se;
	e->kl = log_p - e->elbo;
}

static bool moved_q_only(const struct em_entry *e)
{
	return e->phase == EM_E || e->phase == EM_E_PART;
}

enum em_status em_run_estimate(struct em_run *r, size_t samples, const struct em_hooks *h, struct em_err *err)
{
	const struct em_problem *p = &r->problem->p;
	size_t n = p->layout.observations, at = r->position;
	if (r->records[at].entry.evidence == EM_EVIDENCE_EXACT)
		return EM_OK;
	if (!r->evidence || !r->evidence->estimate || p->model->exact)
		return em_fail(err, EM_USAGE, "there is no estimator of log p for %s", p->model->title);
	struct block *guess = block_of_guesses(n);
	struct state *s = state_copy(r->now);
	enum em_status st = guess && s ? guess_all(r, samples, h, guess, err) : em_no_memory(err);
	if (st) {
		block_release(guess);
		state_release(s);
		return st;
	}
	struct sum log_p = {0};
	double variance = 0;
	for (size_t i = 0; i < n; i++) {
		const struct em_guess *g = state_guess(guess) + i;
		bool known = !isnan(r->now->log_p->v[i]);
		sum_add(&log_p, known ? r->now->log_p->v[i] : g->log_p);
		variance += known ? 0 : g->se * g->se;
	}
	state_put(&s->guess, guess);
	struct record *rec = r->records + at;
	if (rec->state) { /* the same but for the guesses */
		state_release(rec->state);
		rec->state = state_retain(s);
	}
	state_release(r->now);
	r->now = s;
	for (size_t i = at; i < r->count && (i == at || moved_q_only(&r->records[i].entry)); i++)
		tell(&r->records[i].entry, sum_of(&log_p), sqrt(variance));
	for (size_t i = at; i > 0 && moved_q_only(&r->records[i].entry); i--) /* theta was the same before the E-step */
		tell(&r->records[i - 1].entry, sum_of(&log_p), sqrt(variance));
	return EM_OK;
}
