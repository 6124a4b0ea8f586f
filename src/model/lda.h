/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The pieces of LDA that live in files of their own. */
#ifndef ELBOW_MODEL_LDA_H
#define ELBOW_MODEL_LDA_H

#include "elbow/model.h"

extern const struct em_model em_model_lda;

/* The variants of em_model_lda: e_step=exact (lda_exact.c), eta > 0 (lda_smooth.c). */
extern const struct em_model lda_exact, lda_smooth;
static inline bool lda_smoothed(const struct em_problem *p)
{
	return p->layout.theta_arrays > 2;
}

/* What the variants share. */
extern const struct em_setting_table lda_settings;
void lda_start(const struct em_problem *p, const struct em_theta *t, size_t n, double *q, double *work);
void lda_collect(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
                 struct em_bound *out, double *work);
void lda_e_step(const struct em_problem *p, const struct em_theta *t, size_t n, uint32_t budget, const double *q_before,
                const struct em_bound *before, double *q, struct em_progress *pr, double *work);
void lda_shares(const struct em_problem *p, const double *q, size_t n, double *out);
bool lda_monotone(const struct em_problem *p);
/* phi of pairs of document n before a table of (expected) probabilities, [terms][kp]. */
enum em_status lda_phi(const struct em_problem *p, const double *table, const double *q, size_t n, size_t from, size_t count, double *out,
                       struct em_err *err);
const char *lda_block(const struct em_problem *p, unsigned i);
enum em_status lda_m_step(const struct em_problem *p, const double *stats, unsigned i, double *theta, struct em_err *err);
void lda_energy(const struct em_problem *p, const double *theta, const double *stats, double *out);
void lda_masses(const struct em_problem *p, const double *stats, double *out);
size_t lda_describe(const struct em_problem *p, const double *theta, size_t k, struct em_item *out, size_t max);
/* Statistics: expected counts [terms][kp], sum of E[log theta_k] [kp], then these. */
enum { LDA_STAT_DOCS, LDA_STAT_LOG_PZ };
/* The energy terms of every variant, in this order; then its own. */
enum { LDA_TERM_PTHETA, LDA_TERM_PZ, LDA_TERM_PW, LDA_TERM_OWN };

/* Members of the record: lda_init.c and lda_explain.c. */
enum em_status lda_init(const struct em_problem *p, uint64_t seed, double *theta, struct em_err *err);
enum em_status lda_check(const struct em_problem *p, const double *theta, struct em_err *err);
void lda_explain(const struct em_problem *p, const struct em_entry *before, const struct em_entry *now, char *out,
                 size_t size);
bool lda_remark(const struct em_problem *p, const double *theta, char *out, size_t size); /* lda_alpha.c */
const char *lda_equation(const struct em_problem *p, bool m_phase);

/* alpha at the maximum of D log-norm(alpha) + sum_k (alpha_k - 1) log_shares[k], by Newton steps that never lower it.
 * alpha: in the start, out the result; log_shares[k] = sum_d E[log theta_dk]; docs: their number;
 * scratch: 2k doubles. lda_alpha.c. */
void lda_alpha_symmetric(double *alpha, size_t k, const double *log_shares, double docs);
void lda_alpha_vector(double *alpha, size_t k, const double *log_shares, double docs, double *scratch);

/* K rounded up to whole vectors: the stride of a row of topics or gamma. */
size_t lda_padded(const struct em_problem *p);

#endif
