/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The parts of an exact posterior: what each method brings. */
#ifndef ELBOW_EVIDENCE_POSTERIOR_H
#define ELBOW_EVIDENCE_POSTERIOR_H

#include "elbow/document.h"
#include "evidence/exact.h"

/* em_posterior_new, or em_expectations_new, by a method that serves the document. */
enum em_status posterior_by(const struct em_document *d, enum exact_method method, bool quantiles, const struct em_stop *stop,
                            struct em_posterior **out, struct em_err *err);
/* The distribution of the counts: counts[k][tokens + 1] = p(n_k = n | w), by the urn; K >= 2, the words possible. */
enum em_status urn_counts(const struct em_document *d, double *counts, const struct em_stop *stop, struct em_err *err);
/* The same and z by the sum over which words each topic takes; *log_p too. */
enum em_status partitions_posterior(const struct em_document *d, double *log_p, double *counts, double *z,
                                    const struct em_stop *stop, struct em_err *err);
/* z, with log p known. */
enum em_status quad_words(const struct em_document *d, double log_p, double *z, const struct em_stop *stop, struct em_err *err);
/* log p, z and the marginals (log_mean, counts_log; low, high) by quadrature. */
enum em_status quad_posterior(const struct em_document *d, bool quantiles, struct em_posterior *p, const struct em_stop *stop, struct em_err *err);

#endif
