/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where LDA's topics start, and what a theta from outside must satisfy. */
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>

#include "elbow/corpus.h"
#include "model/lda.h"

enum { INIT_RANDOM, INIT_DOCUMENTS, INIT_GIVEN };
enum { CANDIDATES = 5 }; /* documents tried as the seed of a topic */

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

struct seeding {
	double *dense; /* [terms] scratch, 0 between calls */
	double *far;   /* [docs] distance of a document to the nearest seed so far, 1 - cosine */
	double *next;  /* [docs] the same with a candidate */
};

/* next for one more seed; returns the sum of its squares. */
static double measure(const struct em_corpus *c, size_t seed, const struct seeding *x)
{
	double own = 0, left = 0;
	for (size_t j = c->row[seed]; j < c->row[seed + 1]; j++) {
		x->dense[c->term[j]] = c->count[j];
		own += (double)c->count[j] * c->count[j];
	}
	for (size_t d = 0; d < c->docs; d++) {
		double dot = 0, norm = 0;
		for (size_t j = c->row[d]; j < c->row[d + 1]; j++) {
			dot += c->count[j] * x->dense[c->term[j]];
			norm += (double)c->count[j] * c->count[j];
		}
		x->next[d] = norm > 0 ? fmin(x->far[d], fmax(0, 1 - dot / sqrt(norm * own))) : 0;
		left += x->next[d] * x->next[d];
	}
	for (size_t j = c->row[seed]; j < c->row[seed + 1]; j++)
		x->dense[c->term[j]] = 0;
	return left;
}

/* A document drawn with weights far^2 (k-means++, Arthur and Vassilvitskii 2007), or by length where all are 0. */
static size_t draw(const struct em_corpus *c, gsl_rng *rng, const double *far)
{
	double total = 0;
	size_t last = 0;
	for (size_t d = 0; d < c->docs; d++)
		total += far[d] * far[d];
	double at = gsl_rng_uniform(rng) * (total > 0 ? total : (double)c->tokens);
	for (size_t d = 0; d < c->docs; d++) {
		double weight = total > 0 ? far[d] * far[d] : c->length[d];
		if (weight > 0) {
			last = d;
			if (at < weight)
				break;
		}
		at -= weight;
	}
	return last;
}

/* A topic of one document's counts plus a flat tenth, with noise that tells two topics of one document apart. */
static void grow(const struct em_corpus *c, gsl_rng *rng, size_t seed, double *topics, size_t kp, size_t k)
{
	double flat = (c->length[seed] + 1.0) / 9 / (double)c->terms;
	for (size_t j = c->row[seed]; j < c->row[seed + 1]; j++)
		topics[c->term[j] * kp + k] += c->count[j];
	for (size_t v = 0; v < c->terms; v++)
		topics[v * kp + k] += flat * (0.5 + gsl_rng_uniform(rng));
}

/* The best of a few drawn seeds: the one that leaves the documents nearest to some seed. */
static size_t plant(const struct em_corpus *c, gsl_rng *rng, struct seeding *x)
{
	double best = HUGE_VAL;
	size_t seed = 0;
	for (int i = 0; i < CANDIDATES; i++) {
		size_t d = draw(c, rng, x->far);
		double left = measure(c, d, x);
		if (left < best) {
			best = left;
			seed = d;
		}
	}
	measure(c, seed, x);
	double *far = x->far;
	x->far = x->next;
	x->next = far;
	return seed;
}

static enum em_status init_documents(const struct em_corpus *c, gsl_rng *rng, double *topics, size_t kp, size_t k,
                                     struct em_err *err)
{
	double *room = calloc(c->terms + 2 * c->docs, sizeof *room);
	if (!room)
		return em_no_memory(err);
	struct seeding x = {room, room + c->terms, room + c->terms + c->docs};
	for (size_t d = 0; d < c->docs; d++)
		x.far[d] = c->length[d] > 0;
	for (size_t i = 0; i < k; i++)
		grow(c, rng, plant(c, rng, &x), topics, kp, i);
	free(room);
	return EM_OK;
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
	enum em_status st = EM_OK;
	for (size_t k = 0; how == INIT_RANDOM && k < p->layout.components; k++)
		init_random(c, rng, theta + kp, kp, k);
	if (how == INIT_DOCUMENTS)
		st = init_documents(c, rng, theta + kp, kp, p->layout.components, err);
	gsl_rng_free(rng);
	for (size_t k = 0; !st && k < p->layout.components; k++) {
		theta[k] = em_settings_number(p->settings, "alpha");
		normalize(theta + kp, c->terms, kp, k);
	}
	return st;
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
