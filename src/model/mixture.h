/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What all finite mixtures share: p(x_n) = sum_k w_k p(x_n|k), q_nk the responsibilities (Dempster, Laird and Rubin 1977).
 *
 * Blocks: theta is weights[kp], then the family's; q is a row of kp; statistics are R_k = sum_n q_nk [kp], the sum of
 * times, (to a whole lane), then the family's; derived is log weights [kp], then the family's. kp is K padded with zeros
 * to whole vectors. An observation may count several times (a frequency), or not at all (an empty document). */
#ifndef ELBOW_MODEL_MIXTURE_H
#define ELBOW_MODEL_MIXTURE_H

#include "elbow/model.h"

enum { MIXTURE_LANES = 8 };
enum { MIXTURE_TERMS = 3 };

/* One family, behind em_model.family. scratch is the family's share of the thread's work. */
struct mixture {
	const char *const *blocks; /* the family's M-step blocks, NULL-terminated */
	/* out: the family's share of derived. */
	void (*derive)(const struct em_problem *p, const double *theta, double *out);
	/* log p(x_n|k) of one occurrence for all k < kp (any number in the padding); -inf where impossible.
	 * derived: the family's share. */
	void (*log_density)(const struct em_problem *p, const double *theta, const double *derived, size_t n, double *out,
	                    double *scratch);
	/* Adds the statistics of observation n with weights q[k] (times included) to the family's share of them. theta is the
	 * one that q was made with: the same for all observations of a pass. */
	void (*accumulate)(const struct em_problem *p, const double *theta, size_t n, const double *q, double *stats,
	                   double *scratch);
	/* Maximizes E[log p(x|z)] over one of the family's blocks. counts: R_k; stats: the family's share. */
	enum em_status (*m_step)(const struct em_problem *p, const double *counts, const double *stats, unsigned block,
	                         double *theta, struct em_err *err);
	/* E[log p(x|z)] from the statistics. */
	double (*expected)(const struct em_problem *p, const double *theta, const double *counts, const double *stats);
	/* How often observation n counts; NULL: once. */
	double (*times)(const struct em_problem *p, size_t n);
	/* Component k as observation n suggests it, inside the parameters' range and alike in spread for all k. */
	void (*seed)(const struct em_problem *p, size_t n, size_t k, double *theta);
	/* How far apart two observations are, for seeds far from one another; >= 0. */
	double (*distance)(const struct em_problem *p, size_t a, size_t b);
	/* The family's part of em_model.check; may be NULL. */
	enum em_status (*check)(const struct em_problem *p, const double *theta, struct em_err *err);
};

extern const struct em_term mixture_terms[];

/* The rows that every mixture's table begins with: components, weights_update, init. */
#define MIXTURE_ROWS(K) \
	{"components", EM_INTEGER, K, 1, 10000, NULL, EM_EFFECT_RESTART, "number of components K"}, \
	{"weights_update", EM_CHOICE, "estimated", 0, 0, mixture_update_choices, EM_EFFECT_STEP, \
	 "whether the M-step moves the weights of the components or leaves them"}, \
	{"init", EM_CHOICE, "observations", 0, 0, mixture_init_choices, EM_EFFECT_RESTART, \
	 "where components start: at random observations, at observations far from one another, or given"}
extern const char *const mixture_update_choices[];
extern const char *const mixture_init_choices[];

size_t mixture_padded(size_t k);

/* A responsibility below this is 0: so near the smallest double, what an M-step divides it by would make 0 of a parameter
 * that the observation then needs above 0. */
#define MIXTURE_LEAST 1e-280
/* log sum exp of joint[kp], -inf in the padding; and (q not NULL) the responsibilities, [kp], 0 in the padding. 64-byte aligned. */
double mixture_soften(const double *joint, size_t kp, double *q);

/* Fills the common part of a layout, with room for the family's doubles in theta, statistics, derived and scratch; the
 * family adds its arrays behind (theta[1..], stats[1..]) at offsets from mixture_theta(k) and mixture_stats(k). */
void mixture_layout(const struct em_data *data, size_t k, size_t theta, size_t stats, size_t derived, size_t scratch,
                    struct em_layout *out);
size_t mixture_theta(size_t k); /* where the family's doubles begin */
size_t mixture_stats(size_t k);

/* Members for the record. check calls the family's; m_step, block and energy those of the family's blocks after the weights. */
enum em_status mixture_init(const struct em_problem *p, uint64_t seed, double *theta, struct em_err *err);
enum em_status mixture_check(const struct em_problem *p, const double *theta, struct em_err *err);
void mixture_start(const struct em_problem *p, const struct em_theta *t, size_t n, double *q, double *work);
void mixture_derive(const struct em_problem *p, const double *now, const double *made, double *derived);
void mixture_e_step(const struct em_problem *p, const struct em_theta *t, size_t n, uint32_t budget,
                    const double *q_before, const struct em_bound *before, double *q, struct em_progress *progress,
                    double *work);
void mixture_collect(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
                     struct em_bound *out, double *work);
enum em_status mixture_m_step(const struct em_problem *p, const double *stats, unsigned block, double *theta,
                              struct em_err *err);
const char *mixture_block(const struct em_problem *p, unsigned block);
void mixture_energy(const struct em_problem *p, const double *theta, const double *stats, double *terms);
void mixture_shares(const struct em_problem *p, const double *q, size_t n, double *out);
enum em_status mixture_weigh(const struct em_problem *p, const double *theta, size_t n, double *weight, double *fit,
                             struct em_err *err);
void mixture_masses(const struct em_problem *p, const double *stats, double *out);

/* What the record of every mixture holds, beside its names, data and picture, init, describe, equation and collect. */
#define MIXTURE_MEMBERS \
	.exact = true, .family = &mixture, .settings = &settings, .terms = mixture_terms, .layout = layout, \
	.check = mixture_check, .start = mixture_start, .derive = mixture_derive, .e_step = mixture_e_step, \
	.m_step = mixture_m_step, .block = mixture_block, .energy = mixture_energy, .monotone = exact_monotone, \
	.masses = mixture_masses, .shares = mixture_shares, .weigh = mixture_weigh, .explain = exact_explain, \
	.describe = describe, .equation = equation

/* For every exact model: sentences from the ledger (explain.c). */
bool exact_monotone(const struct em_problem *p);
void exact_explain(const struct em_problem *p, const struct em_entry *before, const struct em_entry *now, char *out,
                   size_t size);

#endif
