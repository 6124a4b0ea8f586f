/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is true at every step, checked at every step. */
#include <math.h>
#include <stdio.h>

#include "base/sum.h"
#include "engine/step.h"

static const char *where(const struct em_entry *e, char *out, size_t size)
{
	snprintf(out, size, "step %zu (%s %zu)", e->step, em_phase_name(e->phase), e->iteration);
	return out;
}

/* The first array element that is not finite; false when all are. */
static bool find_bad(const struct em_array *arrays, unsigned count, const double *v, char *out, size_t size)
{
	for (unsigned i = 0; i < count; i++) {
		const struct em_array *a = arrays + i;
		size_t d1 = a->rank > 1 ? a->dim[1] : 1;
		for (size_t x = 0; x < a->dim[0]; x++)
			for (size_t y = 0; y < d1; y++) {
				double value = v[a->offset + x * a->stride[0] + y * a->stride[1]];
				if (!isfinite(value)) {
					snprintf(out, size, "%s[%zu][%zu] is %g", a->name, x + 1, y + 1, value);
					return true;
				}
			}
	}
	return false;
}

static enum em_status check_finite(const struct em_problem *p, const struct state *s, const struct em_entry *e,
                                   struct em_err *err)
{
	const struct em_bound *b = state_bounds(s->bounds);
	char at[64], culprit[128] = "its inputs are finite";
	if (isfinite(e->elbo) && isfinite(e->energy) && isfinite(e->entropy))
		return EM_OK;
	size_t n = 0;
	while (n + 1 < p->layout.observations && isfinite(b[n].elbo))
		n++;
	if (!find_bad(p->layout.theta, p->layout.theta_arrays, s->theta->v, culprit, sizeof culprit))
		find_bad(p->layout.q, p->layout.q_arrays, s->q->v, culprit, sizeof culprit);
	return em_fail(err, EM_BREACH, "%s: the ELBO is %g; first at %s %zu (%g): %s", where(e, at, sizeof at), e->elbo,
	               p->model->observation, n + 1, b[n].elbo, culprit);
}

/* Terms against ELBO, and the ELBO against the observations' own bounds: two ways to the same number. */
static enum em_status check_sums(const struct em_problem *p, const struct state *s, const struct em_entry *e,
                                 struct em_err *err)
{
	const struct em_bound *b = state_bounds(s->bounds);
	double terms = e->energy + e->entropy, each;
	struct sum sum = {0};
	char at[64];
	for (size_t n = 0; n < p->layout.observations; n++)
		sum_add(&sum, b[n].elbo);
	each = sum_of(&sum);
	if (p->model->global) {
		double unused[EM_TERMS] = {0};
		each += p->model->global(p, s->theta->v, unused);
	}
	if (fabs(terms - e->elbo) > e->allowance)
		return em_fail(err, EM_BREACH, "%s: the terms sum to %.12g, the ELBO is %.12g; they differ by %.3g, rounding allows %.3g",
		               where(e, at, sizeof at), terms, e->elbo, terms - e->elbo, e->allowance);
	if (fabs(each - e->elbo) > e->allowance)
		return em_fail(err, EM_BREACH,
		               "%s: the %ss' bounds sum to %.12g, the statistics give an ELBO of %.12g; they differ by %.3g, "
		               "rounding allows %.3g",
		               where(e, at, sizeof at), p->model->observation, each, e->elbo, each - e->elbo, e->allowance);
	return EM_OK;
}

/* log p = ELBO + KL with all three had on their own. */
static enum em_status check_identity(const struct em_problem *p, const struct state *s, const struct em_entry *e,
                                     struct em_err *err)
{
	const struct em_bound *b = state_bounds(s->bounds);
	char at[64];
	for (size_t n = 0; p->model->exact && n < p->layout.observations; n++) {
		double off = b[n].elbo + b[n].kl - b[n].log_p, size = fabs(b[n].log_p), room;
		for (size_t i = 0; i < p->layout.terms; i++)
			size += fabs(b[n].terms[i]);
		room = 1e-10 * (1 + size);
		if (!(fabs(off) <= room) || b[n].kl < -room)
			return em_fail(err, EM_BREACH,
			               "%s: %s %zu: ELBO %.12g + KL %.12g differ from log p %.12g by %.3g; rounding allows %.3g",
			               where(e, at, sizeof at), p->model->observation, n + 1, b[n].elbo, b[n].kl, b[n].log_p, off,
			               room);
	}
	return EM_OK;
}

static enum em_status check_evidence(const struct em_problem *p, const struct state *s, const struct em_entry *e,
                                     struct em_err *err)
{
	const struct em_bound *b = state_bounds(s->bounds);
	char at[64];
	for (size_t n = 0; n < p->layout.observations; n++) {
		double log_p = s->log_p->v[n], room = 1e-9 * (1 + fabs(log_p));
		if (isnan(log_p))
			continue;
		if (p->model->discrete && log_p > room)
			return em_fail(err, EM_BREACH, "%s: log p of %s %zu is %.12g; counts have log p <= 0",
			               where(e, at, sizeof at), p->model->observation, n + 1, log_p);
		if (b[n].elbo > log_p + room)
			return em_fail(err, EM_BREACH, "%s: KL of %s %zu is %.3g: its ELBO %.12g exceeds its log p %.12g",
			               where(e, at, sizeof at), p->model->observation, n + 1, log_p - b[n].elbo, b[n].elbo,
			               log_p);
	}
	return EM_OK;
}

static enum em_status check_order(const struct em_problem *p, const struct state *from, const struct state *to,
                                  const struct em_entry *e, struct em_err *err)
{
	bool m = e->phase == EM_M || e->phase == EM_M_PART;
	char at[64];
	if (e->phase == EM_EDIT) /* no step of the algorithm: nothing is promised of it */
		return EM_OK;
	if (!m && (from->theta != to->theta || !block_intact(to->theta)))
		return em_fail(err, EM_BREACH, "%s: the E-step changed theta", where(e, at, sizeof at));
	if (m && from->q != to->q)
		return em_fail(err, EM_BREACH, "%s: the M-step changed q", where(e, at, sizeof at));
	/* A part of a cold E-step may fall: it has begun documents anew. The whole may not, where the settings promise it. */
	if (e->decreased && (m || (e->phase == EM_E && p->model->monotone(p) && !from->inside)))
		return em_fail(err, EM_BREACH, "%s: the ELBO fell by %.3g nats, rounding allows %.3g; %s %zu lost most, %.3g",
		               where(e, at, sizeof at), -e->gain, e->allowance, p->model->observation, e->worst + 1,
		               -e->worst_gain);
	return EM_OK;
}

enum em_status check_entry(const struct em_problem *p, const struct state *from, const struct state *to,
                           const struct em_entry *now, struct em_err *err)
{
	enum em_status st = check_finite(p, to, now, err);
	if (!st)
		st = check_sums(p, to, now, err);
	if (!st)
		st = check_identity(p, to, now, err);
	if (!st)
		st = check_evidence(p, to, now, err);
	if (!st && from)
		st = check_order(p, from, to, now, err);
	return st;
}
