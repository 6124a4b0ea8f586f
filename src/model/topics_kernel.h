/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The hot loops of the models with topics beside LDA: passes over a document's rows, exact about zeros. */
#ifndef ELBOW_MODEL_TOPICS_KERNEL_H
#define ELBOW_MODEL_TOPICS_KERNEL_H

#include "model/lda_kernel.h"

/* A responsibility below this share of its token is 0: far below what can show in a double beside 1, and far enough above
 * the smallest double that what an M-step makes of the others stays above 0. */
#define TOPICS_TINY 1e-100

/* out[i] = log(x[i]), -inf for 0. */
void topics_log(const double *x, size_t n, double *out);

/* out[k] = sum_w c_w table_wk, the rows of doc->beta taken as any table (logs: -inf where one row is). */
void topics_sum_rows(const struct lda_doc *doc, double *out);

/* Row term[w] of stats += c_w q, for all w of the document. */
void topics_add_rows(const struct lda_doc *doc, const double *q, double *stats);

/* s[w] = sum_k mix_k beta_wk, and count[k] = sum_w c_w q_wk with q_wk = mix_k beta_wk / s_w, 0 below TOPICS_TINY. */
void topics_split(const struct lda_doc *doc, const double *mix, double *s, double *count);

/* With q_wk as above but each for itself 0 below TOPICS_TINY: row term[w] of stats += c_w q_w (stats may be NULL); returns
 * sum_w c_w sum_k q_wk a_wk and in *other the same of b (NULL: not). a and b are tables laid out as beta. */
double topics_expect(const struct lda_doc *doc, const double *mix, const double *s, double *stats, const double *a,
                     const double *b, double *other);

/* sum_w c_w sum_k q_wk log(q_wk / r_wk), r made as q from another beta and mix; s_now[w]: their sums. */
double topics_diverge(const struct lda_doc *doc, const double *mix, const double *s, const double *beta_now,
                      const double *mix_now, double *s_now);

#endif
