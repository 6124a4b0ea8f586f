/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Small corpora and runs for tests. */
#ifndef ELBOW_TESTS_SMALL_H
#define ELBOW_TESTS_SMALL_H

#include <stdint.h>

#include "elbow/corpus.h"
#include "elbow/run.h"

/* A corpus from count rows: counts[d*terms + v]; zero rows stay as empty documents. Owned: small_free. */
struct em_corpus *small_corpus(size_t docs, size_t terms, const unsigned *counts);
/* Documents of up to `longest` tokens over `terms` terms with some structure; the same for a seed. */
struct em_corpus *small_random(uint64_t seed, size_t docs, size_t terms, unsigned longest);
void small_free(struct em_corpus *c);

/* Settings of LDA and the run; then NAME, VALUE pairs, ended by NULL. Owned. Fails the test on a wrong one. */
struct em_settings *small_settings(const char *name, ...) __attribute__((sentinel));

/* A generator of its own, so that cases never change. */
uint64_t small_next(uint64_t *state);
double small_uniform(uint64_t *state); /* in [0, 1) */

#endif
