/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a hidden Markov model starts, and what it takes for a theta. */
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "model/hmm.h"

enum { INIT_RANDOM, INIT_GIVEN };

/* A row near the uniform, no two alike: weights from 1/2 to 3/2, summing to `total`. */
static void noise(gsl_rng *rng, double *row, size_t count, size_t stride, double total)
{
	double sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += row[i * stride] = 0.5 + gsl_rng_uniform(rng);
	for (size_t i = 0; i < count; i++)
		row[i * stride] *= total / sum;
}

enum em_status hmm_init(const struct em_problem *p, uint64_t seed, double *theta, struct em_err *err)
{
	struct hmm_shape s = hmm_shape(p);
	const struct em_sequences *x = p->data->sequences;
	if ((int)em_settings_number(p->settings, "init") == INIT_GIVEN)
		return em_fail(err, EM_USAGE, "init=given needs a state file; give one with --init FILE or `init FILE`");
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!rng)
		return em_no_memory(err);
	gsl_rng_set(rng, (unsigned long)(seed ^ (seed >> 32)));
	size_t ended = 0;
	for (size_t n = 0; n < x->count; n++)
		ended += x->row[n + 1] > x->row[n];
	double stop = s.stops ? (double)ended / (double)(x->total + ended) : 0; /* never 1 */
	noise(rng, theta, s.k, 1, 1);
	for (size_t i = 0; i < s.k; i++) {
		double *row = theta + s.transitions + i * s.rp;
		noise(rng, row, s.k, 1, 1 - stop);
		row[s.k] = stop;
		noise(rng, theta + s.emissions + i, s.symbols, s.kp, 1);
	}
	gsl_rng_free(rng);
	return EM_OK;
}

static enum em_status check_row(const double *row, size_t count, size_t stride, const char *name, size_t i, struct em_err *err)
{
	double sum = 0;
	for (size_t j = 0; j < count; j++) {
		double v = row[j * stride];
		if (!isfinite(v) || v < 0)
			return em_fail(err, EM_INPUT, "%s[%zu][%zu] is %g; a probability is from 0 to 1", name, i + 1, j + 1, v);
		sum += v;
	}
	if (fabs(sum - 1) > 1e-6)
		return em_fail(err, EM_INPUT, "%s[%zu] sums to %.9g; a row sums to 1", name, i + 1, sum);
	return EM_OK;
}

/* The states that can be had at a time: after those of the time before, with its symbol. False when none. */
static bool move(const struct hmm_shape *s, const double *theta, size_t symbol, bool first, const bool *was, bool *is)
{
	bool any = false;
	for (size_t j = 0; j < s->k; j++) {
		is[j] = false;
		if (!(theta[s->emissions + symbol * s->kp + j] > 0))
			continue;
		if (first)
			is[j] = theta[j] > 0;
		for (size_t i = 0; !first && !is[j] && i < s->k; i++)
			is[j] = was[i] && theta[s->transitions + i * s->rp + j] > 0;
		any |= is[j];
	}
	return any;
}

static enum em_status impossible(const struct em_problem *p, size_t n, size_t at, struct em_err *err)
{
	const struct em_sequences *x = p->data->sequences;
	struct buf b = {0};
	if (at == x->row[n + 1])
		return em_fail(err, EM_INPUT, "%s is impossible: no state that it can end in has a probability to stop; make one of them "
		               "positive", x->name[n]);
	text_clip(&b, x->alphabet[x->symbol[at]], 40, false);
	enum em_status st = em_fail(err, EM_INPUT, "%s is impossible from symbol %zu (\"%s\") on: no state that can follow there emits "
	                            "it; make an initial, transition or emission probability positive", x->name[n],
	                            at - x->row[n] + 1, b.s ? b.s : "");
	buf_free(&b);
	return st;
}

/* Every sequence must have a path. */
static enum em_status check_paths(const struct em_problem *p, const double *theta, struct em_err *err)
{
	struct hmm_shape s = hmm_shape(p);
	const struct em_sequences *x = p->data->sequences;
	bool *was = calloc(2 * s.k, sizeof *was), *is = was ? was + s.k : NULL;
	enum em_status st = was ? EM_OK : em_no_memory(err);
	for (size_t n = 0; !st && n < x->count; n++) {
		for (size_t at = x->row[n]; !st && at < x->row[n + 1]; at++) {
			if (!move(&s, theta, x->symbol[at], at == x->row[n], was, is))
				st = impossible(p, n, at, err);
			memcpy(was, is, s.k * sizeof *was);
		}
		bool ends = !s.stops || x->row[n] == x->row[n + 1];
		for (size_t i = 0; i < s.k; i++)
			ends |= was[i] && theta[s.transitions + i * s.rp + s.k] > 0;
		if (!st && !ends)
			st = impossible(p, n, x->row[n + 1], err);
	}
	free(was);
	return st;
}

enum em_status hmm_check(const struct em_problem *p, const double *theta, struct em_err *err)
{
	struct hmm_shape s = hmm_shape(p);
	double sum = 0;
	bool all = true;
	for (size_t i = 0; i < s.k; i++) {
		if (!isfinite(theta[i]) || theta[i] < 0)
			return em_fail(err, EM_INPUT, "initial[%zu] is %g; a probability is from 0 to 1", i + 1, theta[i]);
		sum += theta[i];
		all &= theta[i] > 0;
	}
	if (fabs(sum - 1) > 1e-6)
		return em_fail(err, EM_INPUT, "initial sums to %.9g; it sums to 1", sum);
	for (size_t i = 0; i < s.k; i++) {
		const double *row = theta + s.transitions + i * s.rp;
		enum em_status st = check_row(row, s.k + s.stops, 1, "transitions", i, err);
		if (!st)
			st = check_row(theta + s.emissions + i, s.symbols, s.kp, "emissions", i, err);
		if (st)
			return st;
		for (size_t j = 0; j < s.k + s.stops; j++)
			all &= row[j] > 0;
		for (size_t v = 0; v < s.symbols; v++)
			all &= theta[s.emissions + v * s.kp + i] > 0;
	}
	return all ? EM_OK : check_paths(p, theta, err);
}
