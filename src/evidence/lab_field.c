/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Mean field from many starts: where it comes to rest, and whether it would stay there. */
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/special.h"
#include "evidence/lab.h"

enum { RANDOM = 24 /* starts */, PUSHES = 6 };
#define SETTLED 1e-11 /* change of gamma, relative to 1 + the largest */
#define SAME 1e-4     /* gammas of one place, likewise */
#define PUSH 1e-3     /* of gamma, to see whether it comes back */
#define HIGHER 1e-7   /* nats */

bool bench_stop(const struct bench *b)
{
	return b->stop && b->stop->cancelled && b->stop->cancelled(b->stop->self);
}

double bench_sweep(const struct bench *b, const double *gamma, double *z)
{
	const struct em_document *d = b->d;
	double sum = 0, elbo = special_log_norm(d->alpha, d->topics) - special_log_norm(gamma, d->topics);
	for (size_t k = 0; k < d->topics; k++)
		sum += gamma[k];
	double psi_sum = special_digamma(sum);
	for (size_t k = 0; k < d->topics; k++) {
		double e_log = special_digamma(gamma[k]) - psi_sum;
		elbo += (d->alpha[k] - gamma[k]) * e_log;
		b->e[k] = fmax(exp(e_log), 1e-300);
		b->next[k] = d->alpha[k];
	}
	for (size_t w = 0; w < d->pairs; w++) {
		const double *row = d->beta + d->term[w] * d->stride;
		double s = 0;
		for (size_t k = 0; k < d->topics; k++)
			s += b->e[k] * row[k];
		elbo += d->count[w] ? d->count[w] * log(s) : 0;
		for (size_t k = 0; k < d->topics; k++) {
			double phi = b->e[k] * row[k] / s;
			b->next[k] += d->count[w] * phi;
			if (z)
				z[w * d->topics + k] = phi;
		}
	}
	return elbo;
}

static double far(const double *a, const double *b, size_t n)
{
	double change = 0, top = 0;
	for (size_t i = 0; i < n; i++) {
		change = fmax(change, fabs(a[i] - b[i]));
		top = fmax(top, b[i]);
	}
	return change / (1 + top);
}

/* Sweeps from gamma until it rests; the ELBO before each, and at the end, into trace [LAB_SWEEPS + 2]. Returns the sweeps. */
static size_t settle(const struct bench *b, double *gamma, double *trace)
{
	size_t n = 0;
	for (; n < LAB_SWEEPS; n++) {
		trace[n] = bench_sweep(b, gamma, NULL);
		bool rests = far(gamma, b->next, b->d->topics) <= SETTLED;
		memcpy(gamma, b->next, b->d->topics * sizeof *gamma);
		if (rests || (n % 64 == 0 && bench_stop(b)))
			break;
	}
	trace[n + 1 < LAB_SWEEPS ? n + 1 : LAB_SWEEPS] = bench_sweep(b, gamma, NULL);
	return n + 1 < LAB_SWEEPS ? n + 1 : LAB_SWEEPS;
}

static void start_at(const struct bench *b, size_t i, double *gamma)
{
	size_t k = b->d->topics;
	double n = (double)b->tokens;
	if (i > k) {
		double sum = 0;
		for (size_t j = 0; j < k; j++)
			sum += gamma[j] = gsl_ran_gamma(b->rng, 0.5, 1) + 1e-9;
		for (size_t j = 0; j < k; j++)
			gamma[j] = b->d->alpha[j] + n * gamma[j] / sum;
		return;
	}
	for (size_t j = 0; j < k; j++) /* the usual one, then all to one topic */
		gamma[j] = b->d->alpha[j] + (i == 0 ? n / (double)k : i - 1 == j ? n : 0);
}

/* Pushed a little it goes away, to somewhere higher. */
static bool is_saddle(const struct bench *b, const struct em_lab_place *p, double *gamma, double *trace)
{
	size_t k = b->d->topics;
	for (size_t i = 0; i < PUSHES; i++) {
		double total = 0, sum = 0;
		for (size_t j = 0; j < k; j++)
			total += p->gamma[j];
		for (size_t j = 0; j < k; j++)
			sum += gamma[j] = p->gamma[j] * exp(PUSH * gsl_ran_gaussian(b->rng, 1)) + PUSH * 1e-3 * gsl_rng_uniform(b->rng);
		for (size_t j = 0; j < k; j++)
			gamma[j] *= total / sum;
		size_t n = settle(b, gamma, trace);
		if (trace[n] > p->elbo + HIGHER * (1 + 1e-3 * fabs(p->elbo)))
			return true;
	}
	return false;
}

static enum em_status new_place(struct em_lab *x, const struct bench *b, const double *gamma, const double *trace, size_t sweeps,
                                struct em_err *err)
{
	struct em_lab_place *all = realloc(x->place, (x->places + 1) * sizeof *all);
	if (!all)
		return em_no_memory(err);
	x->place = all;
	struct em_lab_place *p = all + x->places;
	*p = (struct em_lab_place){.elbo = trace[sweeps], .sweeps = sweeps};
	p->gamma = malloc((b->d->topics + sweeps + 1) * sizeof *p->gamma);
	if (!p->gamma)
		return em_no_memory(err);
	p->trace = p->gamma + b->d->topics;
	memcpy(p->gamma, gamma, b->d->topics * sizeof *gamma);
	memcpy(p->trace, trace, (sweeps + 1) * sizeof *trace);
	x->places++;
	return EM_OK;
}

static int higher(const void *a, const void *b)
{
	const struct em_lab_place *x = a, *y = b;
	return x->elbo < y->elbo ? 1 : x->elbo > y->elbo ? -1 : 0;
}

enum em_status lab_places(const struct bench *b, struct em_lab *x, struct em_err *err)
{
	size_t k = b->d->topics, starts = k > 1 ? 1 + k + RANDOM : 1;
	double *gamma = malloc(k * sizeof *gamma), *trace = malloc((LAB_SWEEPS + 2) * sizeof *trace);
	enum em_status st = gamma && trace ? EM_OK : em_no_memory(err);
	for (size_t i = 0; i < starts && !st; i++) {
		size_t at = 0;
		start_at(b, i, gamma);
		size_t n = settle(b, gamma, trace);
		if (bench_stop(b))
			st = em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood");
		while (!st && at < x->places && far(x->place[at].gamma, gamma, k) > SAME)
			at++;
		if (!st && at == x->places)
			st = new_place(x, b, gamma, trace, n, err);
		if (!st) {
			x->place[at].starts++;
			x->place[at].usual |= i == 0;
		}
	}
	for (size_t i = 0; i < x->places && !st; i++)
		x->place[i].saddle = k > 1 && is_saddle(b, x->place + i, gamma, trace);
	x->starts = starts;
	if (!st)
		qsort(x->place, x->places, sizeof *x->place, higher);
	free(gamma);
	free(trace);
	return st;
}
