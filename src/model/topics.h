/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the models with topics share: topics as blocks of doubles, term-major [terms][kp], so that a term's row over the
 * topics is contiguous; kp pads K with zeros to whole vectors. */
#ifndef ELBOW_MODEL_TOPICS_H
#define ELBOW_MODEL_TOPICS_H

#include <gsl/gsl_rng.h>

#include "elbow/model.h"
#include "model/lda_kernel.h"

size_t topics_padded(size_t k);

/* Whether a model named `title` of k topics has something to work on and fits in memory. */
enum em_status topics_fit(const struct em_corpus *c, size_t k, const char *title, struct em_err *err);
/* Distinct terms of the document that has most. */
size_t topics_longest(const struct em_corpus *c);
/* Document d before the rows of a table laid out as topics. */
struct lda_doc topics_document(const struct em_corpus *c, const double *table, size_t kp, size_t d);

/* topics_kv = counts_kv / sum_v counts_kv; a topic without counts keeps its words. */
void topics_m_step(const double *counts, size_t terms, size_t kp, size_t k, double *topics);
/* sum_kv counts_kv log topics_kv. */
double topics_energy(const double *counts, const double *topics, size_t terms, size_t kp);
/* The sums of the counts of each topic. */
void topics_masses(const double *counts, size_t terms, size_t kp, size_t k, double *out);
/* The max most probable terms of topic k, best first; how many. */
size_t topics_describe(const struct em_corpus *c, const double *topics, size_t kp, size_t k, struct em_item *out,
                       size_t max);

/* Row i of the array `name` (n probabilities, `stride` apart) must be finite, not negative and sum to 1; `whose` they are
 * ("a topic's") stands in the message. */
enum em_status topics_check_row(const char *name, const char *whose, size_t i, const double *x, size_t n, size_t stride,
                                struct em_err *err);
enum em_status topics_check(const struct em_corpus *c, const double *topics, size_t kp, size_t k, struct em_err *err);

/* Where topics start (topics_init.c). */
enum topics_start {
	TOPICS_NOISE,    /* 1/V + U(0,1) for each word, as LDA-C's "random" */
	TOPICS_ANY,      /* a document each, drawn by length */
	TOPICS_APART     /* a document each, far from one another */
};
/* The counts of a document weigh `weight` times as much as the flat share that every word gets. topics is zeroed. */
enum em_status topics_init(const struct em_corpus *c, gsl_rng *rng, enum topics_start how, double weight, double *topics,
                           size_t kp, size_t k, struct em_err *err);
/* The generator for them; EM_USAGE where they are to be given. Owned: gsl_rng_free. */
enum em_status topics_rng(bool given, uint64_t seed, gsl_rng **out, struct em_err *err);

#endif
