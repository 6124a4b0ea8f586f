/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/bugs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const bug_choices[] = {"none", "variance", "prior", "entropy", "stale", "cold", "float", "epsilon", "q", NULL};
enum { NONE, VARIANCE, PRIOR, ENTROPY, STALE, COLD, FLOAT, EPSILON, Q };
#define LITTLE 1e-10

static const struct em_model *real(const struct em_problem *p)
{
	return ((const struct problem *)(const void *)((const char *)p - offsetof(struct problem, p)))->real;
}

/* The standard deviation where the variance belongs. */
static enum em_status m_variance(const struct em_problem *p, const double *stats, unsigned block, double *theta, struct em_err *err)
{
	const char *name = real(p)->block(p, block);
	enum em_status st = real(p)->m_step(p, stats, block, theta, err);
	for (unsigned i = 0; i < p->layout.theta_arrays && !st; i++) {
		const struct em_array *a = p->layout.theta + i;
		if (strcmp(a->name, "covariances") != 0 || !name || strcmp(name, a->name) != 0)
			continue;
		for (size_t k = 0; k < a->dim[0]; k++)
			for (size_t d = 0; d < a->dim[1]; d++) {
				double *v = theta + a->offset + k * a->stride[0] + d * (a->stride[1] + a->stride[2]);
				*v = sqrt(*v);
			}
	}
	if (!st && p->model->complete)
		p->model->complete(p, theta);
	return st;
}

static void leave_out(const struct em_problem *p, struct em_bound *out, bool (*which)(const struct em_term *))
{
	for (size_t i = 0; i < p->layout.terms; i++)
		if (which(real(p)->terms + i)) {
			out->elbo -= out->terms[i];
			out->terms[i] = 0;
		}
}

static bool is_prior(const struct em_term *t)
{
	return strcmp(t->name, "e_log_p_theta") == 0;
}

static bool is_entropy(const struct em_term *t)
{
	return t->entropy;
}

static void c_prior(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
                    struct em_bound *out, double *work)
{
	real(p)->collect(p, t, n, q, stats, out, work);
	leave_out(p, out, is_prior);
}

static void c_entropy(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
                      struct em_bound *out, double *work)
{
	real(p)->collect(p, t, n, q, stats, out, work);
	leave_out(p, out, is_entropy);
}

static void c_float(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
                    struct em_bound *out, double *work)
{
	real(p)->collect(p, t, n, q, stats, out, work);
	out->elbo = (double)(float)out->elbo;
}

/* The energy alone is watched. */
static void c_q(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
                struct em_bound *out, double *work)
{
	real(p)->collect(p, t, n, q, stats, out, work);
	for (size_t i = 0; i < p->layout.terms; i++)
		if (is_entropy(real(p)->terms + i))
			out->elbo -= out->terms[i];
}

/* Statistics of the q that an E-step begins with. */
static void c_stale(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
                    struct em_bound *out, double *work)
{
	struct em_theta old = *t;
	struct em_bound unused;
	double *first = stats ? aligned_alloc(64, (p->layout.q_stride * sizeof *first + 63) / 64 * 64) : NULL;
	real(p)->collect(p, t, n, q, first ? NULL : stats, out, work);
	if (!first)
		return;
	memset(first, 0, p->layout.q_stride * sizeof *first);
	old.fresh = false;
	real(p)->start(p, &old, n, first, work);
	real(p)->collect(p, &old, n, first, stats, &unused, work);
	free(first);
}

/* One sweep from uniform, whatever the settings promise. */
static void e_cold(const struct em_problem *p, const struct em_theta *t, size_t n, uint32_t budget, const double *q_before,
                   const struct em_bound *before, double *q, struct em_progress *pr, double *work)
{
	struct em_bound lowest = *before;
	lowest.elbo = -INFINITY;
	if (!budget)
		return;
	real(p)->e_step(p, t, n, 1, q_before, &lowest, q, pr, work);
	pr->done = true;
}

/* Logs of what has a little added to it. */
static void d_epsilon(const struct em_problem *p, const double *now, const double *made, double *derived)
{
	size_t n = p->layout.theta_size;
	double *copy = aligned_alloc(64, (2 * n * sizeof *copy + 63) / 64 * 64);
	real(p)->derive(p, now, made, derived);
	if (!copy)
		return;
	memcpy(copy, now, n * sizeof *copy);
	memcpy(copy + n, made, n * sizeof *copy);
	for (unsigned i = 0; i < p->layout.theta_arrays; i++) {
		const struct em_array *a = p->layout.theta + i;
		for (size_t x = 0; x < a->dim[0] && strcmp(a->name, "topics") == 0; x++)
			for (size_t y = 0; y < a->dim[1]; y++) {
				copy[a->offset + x * a->stride[0] + y * a->stride[1]] += LITTLE;
				copy[n + a->offset + x * a->stride[0] + y * a->stride[1]] += LITTLE;
			}
	}
	real(p)->derive(p, copy, made == now ? copy : copy + n, derived);
	free(copy);
}

static bool has(const struct em_layout *l, const char *name)
{
	for (unsigned i = 0; i < l->theta_arrays; i++)
		if (strcmp(l->theta[i].name, name) == 0)
			return true;
	return false;
}

enum em_status bug_plant(struct problem *p, const struct em_settings *s, struct em_err *err)
{
	const struct em_model *m = p->real;
	int bug = em_settings_row(s, "bug") ? (int)em_settings_number(s, "bug") : NONE;
	p->p.model = m;
	if (bug == NONE)
		return EM_OK;
	if (bug == VARIANCE && !has(&p->p.layout, "covariances"))
		return em_fail(err, EM_USAGE, "bug=variance is for gmm; %s has no variances", m->name);
	if ((bug == PRIOR && !is_prior(m->terms)) || (bug == COLD && (m->exact || !em_settings_row(s, "e_start"))))
		return em_fail(err, EM_USAGE, "bug=%s is for lda with its variational E-step", bug_choices[bug]);
	if (bug == EPSILON && !has(&p->p.layout, "topics"))
		return em_fail(err, EM_USAGE, "bug=epsilon is for models with topics");
	snprintf(p->title, sizeof p->title, "%s, BUG %s", m->title, bug_choices[bug]);
	p->planted = *m;
	p->planted.title = p->title;
	p->planted.m_step = bug == VARIANCE ? m_variance : m->m_step;
	p->planted.e_step = bug == COLD ? e_cold : m->e_step;
	p->planted.derive = bug == EPSILON ? d_epsilon : m->derive;
	p->planted.collect = bug == PRIOR ? c_prior : bug == ENTROPY ? c_entropy : bug == FLOAT ? c_float : bug == Q ? c_q
	                     : bug == STALE ? c_stale : m->collect;
	p->p.model = &p->planted;
	return EM_OK;
}
