/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Speed of the models with an exact E-step, against what the machine does with the same sums and nothing else. */
#ifndef ELBOW_TESTS_BENCH_MODELS_H
#define ELBOW_TESTS_BENCH_MODELS_H

#include "elbow/corpus.h"

void bench_gmm(void);
void bench_unigrams(const struct em_corpus *c);
void bench_hmm(void);

/* bench_session.c */
void bench_session(void);

#endif
