/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where LDA's topics start, and what a theta from outside must satisfy. */
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>

#include "elbow/corpus.h"
#include "model/lda.h"

enum { INIT_RANDOM, INIT_DOCUMENTS, INIT_GIVEN };
enum { SEED_DOCUMENTS = 3 }; /* documents a topic starts from */

static void normalize(double *topics, size_t terms, size_t kp, size_t k)
{
	double sum = 0;
	for (size_t v = 0; v < terms; v++)
		sum += topics[v * kp + k];
	for (size_t v = 0; v < terms; v++)
		topics[v * kp + k] /= sum;
}

/* 1/V + U(0,1) for each word, as LDA-C's "random". */
static void init_random(const struct em_corpus *c, gsl_rng *rng, double *topics, size_t kp, size_t k)
{
	for (size_t v = 0; v < c->terms; v++)
		topics[v * kp + k] = 1.0 / (double)c->terms + gsl_rng_uniform(rng);
}

/* The counts of a few documents drawn with their lengths as weights, plus a flat share of one token in ten. */
static void init_documents(const struct em_corpus *c, gsl_rng *rng, double *topics, size_t kp, size_t k)
{
	double total = 0;
	for (size_t i = 0; i < SEED_DOCUMENTS; i++) {
		double at = gsl_rng_uniform(rng) * (double)c->tokens;
		size_t d = 0;
		for (; d + 1 < c->docs && at >= c->length[d]; d++)
			at -= c->length[d];
		for (size_t j = c->row[d]; j < c->row[d + 1]; j++) {
			topics[c->term[j] * kp + k] += c->count[j];
			total += c->count[j];
		}
	}
	double flat = (total + 1) / 9 / (double)c->terms;
	for (size_t v = 0; v < c->terms; v++) /* the noise tells two topics of the same documents apart */
		topics[v * kp + k] += flat * (0.5 + gsl_rng_uniform(rng));
}

enum em_status lda_init(const struct em_problem *p, uint64_t seed, double *theta, struct em_err *err)
{
	const struct em_corpus *c = p->data->corpus;
	size_t kp = lda_padded(p);
	int how = (int)em_settings_number(p->settings, "init");
	if (how == INIT_GIVEN)
		return em_fail(err, EM_USAGE, "init=given needs a state file; give one with --init FILE or `init FILE`");
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!rng)
		return em_no_memory(err);
	gsl_rng_set(rng, (unsigned long)(seed ^ (seed >> 32)));
	for (size_t k = 0; k < p->layout.components; k++) {
		theta[k] = em_settings_number(p->settings, "alpha");
		if (how == INIT_RANDOM)
			init_random(c, rng, theta + kp, kp, k);
		else
			init_documents(c, rng, theta + kp, kp, k);
		normalize(theta + kp, c->terms, kp, k);
	}
	gsl_rng_free(rng);
	return EM_OK;
}

static enum em_status check_row(const struct em_problem *p, const double *topics, size_t k, struct em_err *err)
{
	size_t kp = lda_padded(p);
	double sum = 0;
	for (size_t v = 0; v < p->data->corpus->terms; v++) {
		double x = topics[v * kp + k];
		if (!isfinite(x) || x < 0)
			return em_fail(err, EM_INPUT, "topics[%zu][%zu] is %g; a probability is from 0 to 1", k + 1, v + 1, x);
		sum += x;
	}
	if (fabs(sum - 1) > 1e-6)
		return em_fail(err, EM_INPUT, "topics[%zu] sums to %.9g; a topic's probabilities sum to 1", k + 1, sum);
	return EM_OK;
}

enum em_status lda_check(const struct em_problem *p, const double *theta, struct em_err *err)
{
	const struct em_corpus *c = p->data->corpus;
	size_t kp = lda_padded(p), topics = p->layout.components;
	for (size_t k = 0; k < topics; k++) {
		if (!isfinite(theta[k]) || theta[k] <= 0)
			return em_fail(err, EM_INPUT, "alpha[%zu] is %g; a Dirichlet parameter is positive", k + 1, theta[k]);
		enum em_status st = check_row(p, theta + kp, k, err);
		if (st)
			return st;
	}
	for (size_t j = 0; j < c->pairs; j++) {
		double top = 0;
		for (size_t k = 0; k < topics; k++)
			top = fmax(top, theta[kp + c->term[j] * kp + k]);
		if (top < 1e-90)
			return em_fail(err, EM_INPUT,
			               "the corpus has the term \"%s\", which no topic can produce; every term needs "
			               "a probability above 0 in some topic",
			               c->vocabulary[c->term[j]]);
	}
	return EM_OK;
}
