/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "evidence/lab.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/quadrature.h"

static const char *const names[] = {"exact", "mean field, usual start", "mean field, best", "hard assignment", "CVB0", "collapsed Gibbs"};

/* The answer of a place: E[theta] = gamma / sum, p(z) = phi. */
static void from_place(const struct bench *b, const struct em_lab_place *p, struct em_lab_answer *out)
{
	double sum = 0;
	out->bound = bench_sweep(b, p->gamma, out->z);
	out->sweeps = p->sweeps;
	for (size_t k = 0; k < b->d->topics; k++)
		sum += p->gamma[k];
	for (size_t k = 0; k < b->d->topics; k++)
		out->mean[k] = p->gamma[k] / sum;
}

static void compare(struct em_lab *x)
{
	const struct em_lab_answer *truth = x->answer + EM_LAB_EXACT;
	for (int i = 0; i < EM_LAB_METHODS; i++) {
		struct em_lab_answer *a = x->answer + i;
		a->off_theta = a->off_z = truth->made ? 0 : NAN;
		for (size_t k = 0; truth->made && k < x->topics; k++)
			a->off_theta = fmax(a->off_theta, fabs(a->mean[k] - truth->mean[k]));
		for (size_t j = 0; truth->made && j < x->pairs * x->topics; j++)
			a->off_z = fmax(a->off_z, fabs(a->z[j] - truth->z[j]));
	}
}

static enum em_status truth(struct em_lab *x, const struct em_document *d, double seconds, const struct em_stop *stop, struct em_err *err)
{
	struct em_posterior *p;
	struct em_lab_answer *a = x->answer + EM_LAB_EXACT;
	if (em_expectations_cost(d->topics, d->pairs, d->count) > seconds)
		return EM_OK;
	enum em_status st = em_expectations_new(d, stop, &p, err);
	if (st)
		return st;
	a->made = true;
	x->log_p = a->bound = p->log_p;
	memcpy(a->mean, p->mean, x->topics * sizeof *a->mean);
	memcpy(a->z, p->z, x->pairs * x->topics * sizeof *a->z);
	em_posterior_free(p);
	return EM_OK;
}

static enum em_status fill(struct em_lab *x, const struct bench *b, double seconds, struct em_err *err)
{
	struct em_lab_answer *a = x->answer;
	enum em_status st = truth(x, b->d, seconds, b->stop, err);
	if (!st)
		st = lab_places(b, x, err);
	if (st)
		return st;
	for (size_t i = 0; i < x->places; i++)
		if (x->place[i].usual)
			from_place(b, x->place + i, a + EM_LAB_USUAL);
	from_place(b, x->place, a + EM_LAB_BEST);
	size_t *topic = calloc(x->tokens + 1, sizeof *topic);
	double *counts = calloc(x->topics, sizeof *counts);
	st = topic && counts ? EM_OK : em_no_memory(err);
	if (!st) {
		lab_hard(b, a[EM_LAB_USUAL].z, a + EM_LAB_HARD, topic, counts);
		lab_cvb0(b, a + EM_LAB_CVB0, counts);
		st = lab_gibbs(b, a + EM_LAB_GIBBS, err);
	}
	free(topic);
	free(counts);
	if (!st && bench_stop(b))
		st = em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood");
	if (!st)
		compare(x);
	return st;
}

enum em_status em_lab_new(const struct em_document *d, double seconds, uint64_t seed, const struct em_stop *stop, struct em_lab **out,
                          struct em_err *err)
{
	double unused;
	size_t each = d->topics * (1 + d->pairs);
	if (quad_known(d, &unused) && isinf(unused))
		return em_fail(err, EM_USAGE, "log p is -inf: a word has probability 0 in every topic, so nothing follows from it");
	struct em_lab *x = calloc(1, sizeof *x + EM_LAB_METHODS * each * sizeof(double));
	struct bench b = {d, stop, gsl_rng_alloc(gsl_rng_mt19937), quad_tokens(d), malloc(d->topics * sizeof(double)),
	                  malloc(d->topics * sizeof(double))};
	enum em_status st = x && b.rng && b.e && b.next ? EM_OK : em_no_memory(err);
	if (!st) {
		gsl_rng_set(b.rng, (unsigned long)((seed * 2654435761u + 12345) & 0xffffffffu));
		x->topics = d->topics;
		x->pairs = d->pairs;
		x->tokens = b.tokens;
		x->log_p = NAN;
		for (int i = 0; i < EM_LAB_METHODS; i++)
			x->answer[i] = (struct em_lab_answer){.name = names[i], .made = i != EM_LAB_EXACT, .bound = NAN, .mean = x->block + (size_t)i * each,
			                                      .z = x->block + (size_t)i * each + d->topics};
		st = fill(x, &b, seconds, err);
	}
	gsl_rng_free(b.rng);
	free(b.e);
	free(b.next);
	if (st)
		em_lab_free(x);
	else
		*out = x;
	return st;
}

void em_lab_free(struct em_lab *x)
{
	for (size_t i = 0; x && i < x->places; i++)
		free(x->place[i].gamma);
	if (x)
		free(x->place);
	free(x);
}
