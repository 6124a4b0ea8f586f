/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The error of estimates of log p against their cost. */
#ifndef ELBOW_TESTS_BENCH_EVIDENCE_H
#define ELBOW_TESTS_BENCH_EVIDENCE_H

/* Prints the table of docs/evidence.md. */
void bench_estimates(void);

#endif
