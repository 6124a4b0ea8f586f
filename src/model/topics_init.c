/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where topics start: noise, or documents, at random or far from one another. */
#include <math.h>
#include <stdlib.h>

#include "model/topics.h"

enum { CANDIDATES = 5 }; /* documents tried as the seed of a topic */

static void normalize(double *topics, size_t terms, size_t kp, size_t k)
{
	double sum = 0;
	for (size_t v = 0; v < terms; v++)
		sum += topics[v * kp + k];
	for (size_t v = 0; v < terms; v++)
		topics[v * kp + k] /= sum;
}

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

/* A topic of one document's counts plus a flat share, with noise that tells two topics of one document apart. */
static void grow(const struct em_corpus *c, gsl_rng *rng, size_t seed, double weight, double *topics, size_t kp, size_t k)
{
	double flat = (c->length[seed] + 1.0) / weight / (double)c->terms;
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

static enum em_status init_documents(const struct em_corpus *c, gsl_rng *rng, bool apart, double weight, double *topics,
                                     size_t kp, size_t k, struct em_err *err)
{
	double *room = calloc(c->terms + 2 * c->docs, sizeof *room);
	if (!room)
		return em_no_memory(err);
	struct seeding x = {room, room + c->terms, room + c->terms + c->docs};
	for (size_t d = 0; d < c->docs; d++)
		x.far[d] = apart && c->length[d] > 0;
	for (size_t i = 0; i < k; i++)
		grow(c, rng, apart ? plant(c, rng, &x) : draw(c, rng, x.far), weight, topics, kp, i);
	free(room);
	return EM_OK;
}

enum em_status topics_init(const struct em_corpus *c, gsl_rng *rng, enum topics_start how, double weight, double *topics,
                           size_t kp, size_t k, struct em_err *err)
{
	enum em_status st = EM_OK;
	for (size_t i = 0; how == TOPICS_NOISE && i < k; i++)
		init_random(c, rng, topics, kp, i);
	if (how != TOPICS_NOISE)
		st = init_documents(c, rng, how == TOPICS_APART, weight, topics, kp, k, err);
	for (size_t i = 0; !st && i < k; i++)
		normalize(topics, c->terms, kp, i);
	return st;
}

enum em_status topics_rng(bool given, uint64_t seed, gsl_rng **out, struct em_err *err)
{
	*out = NULL;
	if (given)
		return em_fail(err, EM_USAGE, "init=given needs a state file; give one with --init FILE or `init FILE`");
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!rng)
		return em_no_memory(err);
	gsl_rng_set(rng, (unsigned long)(seed ^ (seed >> 32)));
	*out = rng;
	return EM_OK;
}
