/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * log p(w|alpha,beta) of a document under LDA where the exact sum is out of reach: estimated by importance sampling, with
 * its error; and bounded from above. docs/evidence.md tells of the methods. */
#ifndef ELBOW_ESTIMATE_H
#define ELBOW_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elbow/document.h"

enum { EM_ESTIMATE_SAMPLES = 4000, EM_ESTIMATE_UNIT = 40 /* draws are made in whole units */ };

/* Nats. exp(log_p) has the mean p(w), so log_p lies low by about se^2/2. */
struct em_estimate {
	double log_p;
	double se;      /* of log_p, from the spread of the weights; 0 where log_p is known exactly. Show twice this */
	double ess;     /* effective sample size: (sum w)^2 / sum w^2 */
	size_t samples;
	double second;  /* the reciprocal estimate from the Gibbs draws; NAN where the truth is known */
	double second_se; /* of that, by its 200 weights: much the larger of the two, and itself in doubt where above 0.3 */
	double upper;   /* above log p on average, as far as the Gibbs chains have converged: a diagnostic, no bound */
	bool few;       /* ess < 50 */
	bool apart;     /* log_p and second differ by more than 3 standard errors of the difference + 0.1 */
};

/* Unreliable: to be shown only with that word. */
static inline bool em_estimate_doubtful(const struct em_estimate *e)
{
	return e->few || e->apart;
}

/* An estimate that can be refined: proposals fitted to the document, the generator, and the sums so far; 23 K doubles
 * and 3 kB. The draws depend on (seed, index, gamma, document) alone, so documents may come in any order on any thread, and
 * n refinements leave the bits of one with as many samples. */
struct em_estimator;

/* Runs the Gibbs chains from draws of Dir(gamma) and fits the proposal. EM_MEMORY, EM_CANCELLED. */
enum em_status em_estimator_new(const struct em_document *d, const double *gamma, uint64_t seed, uint64_t index,
                                const struct em_stop *stop, struct em_estimator **out, struct em_err *err);
/* Draws at least `samples` more (rounded up to a unit), of the document it was made for. EM_CANCELLED: it keeps the draws
 * made until then, which are those it would have made first anyway. */
enum em_status em_estimator_add(struct em_estimator *e, const struct em_document *d, size_t samples,
                                const struct em_stop *stop, struct em_err *err);
/* Without a draw log_p is NAN. */
void em_estimator_read(const struct em_estimator *e, struct em_estimate *out);
void em_estimator_free(struct em_estimator *e); /* NULL is allowed */

/* The three in one. gamma: topics doubles, the q(theta) of mean field or anything positive. */
enum em_status em_estimate(const struct em_document *d, const double *gamma, uint64_t seed, uint64_t index, size_t samples,
                           const struct em_stop *stop, struct em_estimate *out, struct em_err *err);
/* log p of the same words under two theta, from the same draws of one proposal that serves both. */
struct em_difference {
	double difference;    /* log p(after) - log p(before) */
	double se;            /* of the difference: far below that of either where the two theta are close */
	double before, after; /* the two log p */
	double ess;           /* the lesser of the two */
	size_t samples;
	bool few;             /* ess < 50 */
};

/* Whether log p fell (rose) can be said: beyond 3 standard errors, and of an estimate that is none of the doubtful. */
static inline bool em_difference_clear(const struct em_difference *x)
{
	double size = x->difference < 0 ? -x->difference : x->difference;
	return !x->few && size > 3 * x->se;
}

enum em_status em_estimate_difference(const struct em_document *before, const struct em_document *after,
                                      const double *gamma, uint64_t seed, uint64_t index, size_t samples,
                                      const struct em_stop *stop, struct em_difference *out, struct em_err *err);

/* Rigorous bounds from above, each for whatever theta the search ended at. */
struct em_ceiling {
	double value;       /* the least of all: log p(w) <= value */
	double fold_in;     /* log p(w|theta) at the best theta found: max over theta up to (certificate - fold_in) */
	double certificate; /* no theta reaches more */
	double moment;      /* the bound that averages over Dir(alpha) */
	unsigned sweeps;
};

/* Folds the document in (EM for theta, from gamma or, NULL, from the middle) and bounds from there. */
enum em_status em_fold_in_bound(const struct em_document *d, const double *gamma, const struct em_stop *stop,
                                struct em_ceiling *out, struct em_err *err);

#endif
