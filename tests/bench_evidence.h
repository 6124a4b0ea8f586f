/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * log p of documents of LDA: the speed of the exact methods, the error of estimates against their cost. */
#ifndef ELBOW_TESTS_BENCH_EVIDENCE_H
#define ELBOW_TESTS_BENCH_EVIDENCE_H

/* Both print tables of docs/evidence.md. */
void bench_exact(void);
void bench_estimates(void);

#endif
