/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Estimates of log p where the exact one is too dear: beside the ledger's numbers, never in the way of a step. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/sum.h"
#include "elbow/evidence.h"
#include "elbow/split.h"
#include "engine/pass.h"
#include "engine/run.h"

struct asking {
	const struct em_hooks *hooks;
	atomic_size_t done;
	atomic_bool stop;
	size_t of;
	enum em_status status;
	struct em_err err;
};

static bool asked_to_stop(void *self)
{
	struct asking *a = self;
	const struct em_hooks *h = a->hooks;
	if (h && h->cancelled && h->cancelled(h->self))
		atomic_store(&a->stop, true);
	return atomic_load(&a->stop);
}

/* One observation is done, or has failed. */
static void ticked(struct asking *a, const char *what, enum em_status st, const struct em_err *own)
{
	size_t done = atomic_fetch_add(&a->done, 1) + 1;
	if (a->hooks && a->hooks->progress)
		a->hooks->progress(a->hooks->self, what, done, a->of);
	if (!st)
		return;
	atomic_store(&a->stop, true);
#pragma omp critical(elbow_guess)
	if (!a->status) {
		a->status = st;
		a->err = *own;
	}
}

static enum em_status outcome(struct asking *a, struct em_err *err)
{
	if (a->status && a->status != EM_CANCELLED) {
		if (err)
			*err = a->err;
		return a->status;
	}
	return atomic_load(&a->stop) ? em_fail(err, EM_CANCELLED, "cancelled; what was found is kept") : EM_OK;
}

static bool wanted(const struct state *s, const struct em_evidence_ask *ask, size_t n)
{
	const struct em_guess *g = s->guess ? state_guess(s->guess) + n : NULL;
	bool in = ask->ranges == 0;
	for (size_t i = 0; i < ask->ranges && !in; i++)
		in = n >= ask->range[i].from && n < ask->range[i].to;
	if (!isnan(s->log_p->v[n]) || !in)
		return false;
	return ask->exact || !g || isnan(g->log_p) || (g->samples < ask->samples && (g->se > ask->enough || g->doubtful));
}

/* Exact ones into log_p, estimates into guess (both the state's own): those that were done stay, whatever comes. */
static enum em_status find(const struct em_run *r, struct state *s, const struct em_evidence_ask *ask, const struct em_hooks *h,
                           struct em_err *err)
{
	const struct em_problem *p = &r->problem->p;
	struct asking a = {.hooks = h};
	size_t n = p->layout.observations;
	for (size_t i = 0; i < n; i++)
		a.of += wanted(s, ask, i) && !(ask->exact && isinf(r->evidence->cost(p, i)));
	int threads = pass_threads(p->settings);
	if (a.of && h && h->progress) /* one may take long */
		h->progress(h->self, ask->exact ? "exact log p" : "estimates", 0, a.of);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
	for (size_t i = 0; i < n; i++) {
		struct em_err own = {0};
		struct em_guess g;
		double log_p;
		if (!wanted(s, ask, i) || (ask->exact && isinf(r->evidence->cost(p, i))) || asked_to_stop(&a))
			continue;
		enum em_status st = ask->exact ? r->evidence->log_evidence(p, s->theta->v, i, &log_p, asked_to_stop, &a, &own)
		                               : r->evidence->estimate(p, s->theta->v, s->q->v + i * p->layout.q_stride, i, r->seed,
		                                                       ask->samples, &g, asked_to_stop, &a, &own);
		if (!st && ask->exact)
			s->log_p->v[i] = log_p;
		else if (!st)
			state_guess(s->guess)[i] = g;
		ticked(&a, ask->exact ? "exact log p" : "estimates", st, &own);
	}
	return outcome(&a, err);
}

static bool moved_q_only(const struct em_entry *e)
{
	return e->phase == EM_E || e->phase == EM_E_PART;
}

/* The sum over all observations, exact and guessed, whose errors are independent; as far as all are known. */
static void total(const struct em_run *r, const struct state *s, struct em_entry *e)
{
	struct sum log_p = {0};
	double variance = 0;
	bool all = true, exact = true;
	e->estimated = e->doubtful = 0;
	for (size_t i = 0; i < r->problem->p.layout.observations; i++) {
		const struct em_guess *g = s->guess ? state_guess(s->guess) + i : NULL;
		bool known = !isnan(s->log_p->v[i]);
		exact &= known;
		all &= known || (g && !isnan(g->log_p));
		sum_add(&log_p, known ? s->log_p->v[i] : g ? g->log_p : 0);
		variance += known || !g ? 0 : g->se * g->se;
		e->estimated += !known && g ? 1 : 0;
		e->doubtful += !known && g && g->doubtful ? 1 : 0;
	}
	e->evidence = !all ? EM_EVIDENCE_NONE : exact ? EM_EVIDENCE_EXACT : EM_EVIDENCE_ESTIMATE;
	e->log_evidence = all ? sum_of(&log_p) : NAN;
	e->log_evidence_se = all ? sqrt(variance) : NAN;
	e->kl = e->log_evidence - e->elbo;
}

/* The entries about the position that have its theta. */
static void tell(struct em_run *r, const struct state *s)
{
	size_t at = r->position, from = at;
	while (from > 0 && moved_q_only(&r->records[from].entry))
		from--;
	for (size_t i = from; i < r->count && (i <= at || moved_q_only(&r->records[i].entry)); i++)
		total(r, s, &r->records[i].entry);
}

/* How log p changed when theta moved last, summed over the observations: exact on both sides, or by the same draws. */
static enum em_status change(struct em_run *r, const struct state *s, const struct em_evidence_ask *ask, const struct em_hooks *h,
                             struct em_err *err)
{
	const struct em_problem *p = &r->problem->p;
	size_t m = r->position;
	while (m > 0 && moved_q_only(&r->records[m].entry))
		m--;
	if (m == 0 || r->records[m].entry.evidence != EM_EVIDENCE_ESTIMATE || !r->evidence->difference)
		return EM_OK;
	size_t before = m - 1, n = p->layout.observations;
	const struct state *old = r->records[before].state;
	if (!old) /* let go for memory: not worth making again */
		return EM_OK;
	struct asking a = {.hooks = h, .of = n};
	double sum = 0, variance = 0;
	bool thin = false;
	int threads = pass_threads(p->settings);
	double *d = calloc(2 * n + 1, sizeof *d);
	if (!d)
		return em_no_memory(err);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) reduction(|| : thin)
	for (size_t i = 0; i < n; i++) {
		struct em_err own = {0};
		bool few = false;
		enum em_status st = EM_OK;
		if (asked_to_stop(&a))
			continue;
		if (!isnan(s->log_p->v[i]) && !isnan(old->log_p->v[i]))
			d[2 * i] = s->log_p->v[i] - old->log_p->v[i];
		else
			st = r->evidence->difference(p, old->theta->v, s->theta->v, s->q->v + i * p->layout.q_stride, i, r->seed, ask->samples,
			                             d + 2 * i, d + 2 * i + 1, &few, asked_to_stop, &a, &own);
		thin = thin || few;
		ticked(&a, "change of log p", st, &own);
	}
	for (size_t i = 0; i < n; i++) {
		sum += d[2 * i];
		variance += d[2 * i + 1] * d[2 * i + 1];
	}
	free(d);
	enum em_status st = outcome(&a, err);
	for (size_t i = m; i < r->count && (i == m || moved_q_only(&r->records[i].entry)) && !st; i++) {
		r->records[i].entry.log_p_change = thin ? NAN : sum;
		r->records[i].entry.log_p_change_se = thin ? NAN : sqrt(variance);
	}
	return st;
}

enum em_status em_run_evidence(struct em_run *r, const struct em_evidence_ask *ask, const struct em_hooks *h, struct em_err *err)
{
	const struct em_problem *p = &r->problem->p;
	if (r->records[r->position].entry.evidence == EM_EVIDENCE_EXACT)
		return EM_OK;
	if (!r->evidence || !r->evidence->estimate || p->model->exact || p->model->global)
		return em_fail(err, EM_USAGE, "there is no %s of log p for %s", ask->exact ? "exact method" : "estimator", p->model->title);
	struct state *s = state_copy(r->now);
	if (!s)
		return em_no_memory(err);
	state_put(&s->log_p, block_copy(s->log_p));
	state_put(&s->guess, s->guess ? block_copy(s->guess) : block_of_guesses(p->layout.observations));
	if (!s->log_p || !s->guess) {
		state_release(s);
		return em_no_memory(err);
	}
	enum em_status st = find(r, s, ask, h, err);
	struct record *rec = r->records + r->position;
	if (rec->state) { /* the same but for what is known of log p */
		state_release(rec->state);
		rec->state = state_retain(s);
	}
	state_release(r->now);
	r->now = s;
	tell(r, s);
	return st || !ask->change ? st : change(r, s, ask, h, err);
}

enum em_status em_run_estimate(struct em_run *r, size_t samples, const struct em_hooks *h, struct em_err *err)
{
	return em_run_evidence(r, &(struct em_evidence_ask){.samples = samples, .change = true}, h, err);
}

double em_run_evidence_cost(const struct em_run *r, size_t from, size_t to, size_t *count, size_t *never)
{
	const struct em_problem *p = &r->problem->p;
	double sum = 0;
	*count = *never = 0;
	for (size_t i = from; i < to && i < p->layout.observations; i++) {
		double cost = r->evidence && isnan(r->now->log_p->v[i]) ? r->evidence->cost(p, i) : 0;
		if (!r->evidence || !isnan(r->now->log_p->v[i]))
			continue;
		*(isinf(cost) ? never : count) += 1;
		sum += isinf(cost) ? 0 : cost;
	}
	return sum;
}

enum em_status em_run_split(const struct em_run *r, size_t draws, const struct em_hooks *h, struct em_run_parts *out, struct em_err *err)
{
	const struct em_problem *p = &r->problem->p;
	const struct state *s = r->now;
	size_t n = p->layout.observations;
	struct em_document first;
	if (p->model->exact || n == 0 || !em_document_of(p, s->theta->v, 0, &first))
		return em_fail(err, EM_USAGE, "KL is split for lda by mean field only; here q is the posterior, or log p an integral over the topics");
	struct asking a = {.hooks = h, .of = n};
	struct em_split *x = calloc(n, sizeof *x);
	if (!x)
		return em_no_memory(err);
	int threads = pass_threads(p->settings);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
	for (size_t i = 0; i < n; i++) {
		struct em_stop stop = {asked_to_stop, &a};
		struct em_err own = {0};
		struct em_document d;
		if (asked_to_stop(&a))
			continue;
		em_document_of(p, s->theta->v, i, &d);
		ticked(&a, "KL in two", em_split_kl(&d, s->q->v + i * p->layout.q_stride, s->log_p->v[i], state_bounds(s->bounds)[i].elbo, r->seed, i, draws,
		                                   &stop, x + i, &own), &own);
	}
	double variance = 0;
	*out = (struct em_run_parts){.dearest_price = -INFINITY};
	for (size_t i = 0; i < n; i++) {
		out->theta += isnan(x[i].theta) ? 0 : x[i].theta;
		out->unknown += isnan(x[i].theta) ? 1 : 0;
		out->price += x[i].price;
		variance += x[i].level_se * x[i].level_se;
		if (x[i].price > out->dearest_price) {
			out->dearest_price = x[i].price;
			out->dearest = i;
		}
	}
	out->se = sqrt(variance);
	free(x);
	return outcome(&a, err);
}
