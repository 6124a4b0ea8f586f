/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The hot loops of LDA's E-step: exp(psi) over topics, and one pass over a document's rows of beta. */
#ifndef ELBOW_MODEL_LDA_KERNEL_H
#define ELBOW_MODEL_LDA_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* Topics are padded to a multiple of this, with zeros, so that the loops have no tails. */
enum { LDA_LANES = 8 };

/* One document: its distinct terms, and beta term-major: row v at beta + v*kp, 64-byte aligned. */
struct lda_doc {
	const double *beta;
	const uint32_t *term, *count;
	size_t pairs, kp;
};

/* psi[k] = digamma(gamma[k]) and e[k] = exp(psi[k] - max psi), at least 1e-200, for k < topics; the padding gets psi 0 and e 0.
 * gamma > 0; absolute error of psi < 2e-14 + 4 ulp. Returns max psi. */
double lda_exp_digamma(const double *gamma, size_t topics, size_t kp, double *psi, double *e);

/* One batch coordinate sweep: acc[k] = sum_w c_w beta_wk / s_w with s_w = sum_k e_k beta_wk, so that the expected
 * counts are e[k]*acc[k] (Blei, Ng & Jordan 2003, eq. 6 and 7, with phi never stored). */
void lda_accumulate(const struct lda_doc *doc, const double *e, double *acc);

/* The same pass, also handing out s[w] (pairs) and, unless NULL, adding c_w e_k beta_wk / s_w to row term[w] of stats. */
void lda_gather(const struct lda_doc *doc, const double *e, double *acc, double *s, double *stats);

/* sum_w (c_w/s_w) sum_k e_k beta_wk table_wk: an expectation under phi of a table laid out as beta. */
double lda_expect(const struct lda_doc *doc, const double *e, const double *s, const double *table);

/* out[i] = log(x[i]) for x > 0 and 0 for x = 0 (a zero of beta only ever meets a zero of phi). */
void lda_log(const double *x, size_t n, double *out);

#endif
