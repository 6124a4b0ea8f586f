/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the factor model share: where its numbers lie, and the algebra of its K x K Gaussians.
 *
 * A Gaussian over z with precision I + L' Psi^-1 L is kept as the triangle R of a QR decomposition of [I; Psi^-1/2 L], so that
 * R'R is the precision, and never as the product: that would square the condition, and a small noise would eat the digits
 * of all factors. Triangles are upper, [K][K]; below the diagonal they are 0. */
#ifndef ELBOW_MODEL_FACTOR_H
#define ELBOW_MODEL_FACTOR_H

#include "elbow/model.h"

/* theta: mean [D], loadings [K][D], noise [D], offset [D]: the mean less the mean of the data, which keeps its digits however
 * far the data are from 0. */
struct factor_shape {
	size_t k, d;
	size_t loadings, noise, offset, theta_size;
	/* Statistics: sums over the observations of 1, m, m m', e, e^2 and m_k e, where m is the mean of q and e = x - mean - L m
	 * under the theta of the pass; and that theta, with the triangle of q's covariance T T', once. Sums of residuals
	 * and not of x: what a new theta leaves of them is a small difference from small numbers. */
	size_t sum_m, sum_mm, sum_e, sum_ee, sum_me, triangle, at_loadings, at_offset, stats_size;
	/* Derived: of theta.now the triangle R, the posterior mean's matrix G [K][D], 1/noise; of theta.made T = R^-1; numbers. */
	size_t r, t, gain, precision, scratch, number, derived_size;
};

enum { FACTOR_LOG_NOISE, FACTOR_SPREAD, FACTOR_LOG_R, FACTOR_LOG_T, FACTOR_TRACE, FACTOR_KL, FACTOR_NUMBERS };

enum { FACTOR_DIAGONAL, FACTOR_SPHERICAL }; /* of the setting noise */

struct factor_shape factor_shape_of(size_t k, size_t d);
struct factor_shape factor_shape(const struct em_problem *p);
bool factor_spherical(const struct em_problem *p);
double factor_floor(const struct em_problem *p);
/* A noise variance of column j below this has no digits left. */
double factor_least(const struct em_problem *p, size_t j);
/* True when the column does not vary beyond rounding. */
bool factor_constant(const struct em_points *x, size_t j);

/* R of one theta; row: scratch [K]. */
void factor_triangle(const struct factor_shape *s, const double *theta, double *r, double *row);
/* T = R^-1. */
void factor_invert(size_t k, const double *r, double *t);
/* G = (R'R)^-1 L' Psi^-1; row: scratch [K]. */
void factor_gain(const struct factor_shape *s, const double *theta, const double *r, double *gain, double *row);
/* sum of squares of T'l_j, the variance that q leaves of l_j z; loadings is [K][D]. */
double factor_spread(const struct factor_shape *s, const double *t, const double *loadings, size_t j);
/* KL( N(0, T T') || N(0, (R'R)^-1) ), each term of the sum at least 0. */
double factor_divergence(size_t k, const double *r, const double *t);
/* Solves A y = b for several right sides, [K][columns] in place. A [K][K] is symmetric and overwritten. Directions that A
 * says nothing of get 0. */
void factor_solve(size_t k, double *a, double *b, size_t columns);

/* Members of the record. */
enum em_status factor_init(const struct em_problem *p, uint64_t seed, double *theta, struct em_err *err);
enum em_status factor_check(const struct em_problem *p, const double *theta, struct em_err *err);
enum em_status factor_m_step(const struct em_problem *p, const double *stats, unsigned block, double *theta,
                             struct em_err *err);
bool factor_health(const struct em_problem *p, const double *theta, size_t k, char *out, size_t size);
void factor_energy(const struct em_problem *p, const double *theta, const double *stats, double *terms);

#endif
