/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the Gaussian mixture share: where its numbers lie, the algebra of small triangles, and the kernel.
 *
 * A covariance is kept beside itself as its Cholesky factor L, Sigma = L L', and a mean as its offset from the mean of the
 * data: both have digits that the public numbers lack when clusters are narrow, columns nearly the same, or data far from 0.
 *
 * Statistics are gathered in a frame: for each component a place o and a factor L; y = L^-1 (x - o), and the sums are those of
 * q, q y and q y y'. The frame is the theta of the E-step, so that near convergence sum q y is 0 and sum q y y' the identity:
 * every moment under a new theta is then had without a difference of large numbers. Where a step moves a component by
 * many of its new widths, the frame is moved (gmm_again) and the sums are taken once more. */
#ifndef ELBOW_MODEL_GMM_H
#define ELBOW_MODEL_GMM_H

#include "elbow/model.h"

enum { GMM_COLUMNS = 20 };
enum { GMM_FULL, GMM_DIAGONAL, GMM_SPHERICAL, GMM_TIED }; /* of the setting covariance */

#define GMM_LOG_TURN 1.8378770664093454836 /* log 2 pi */

/* Triangles of the frames are lower, row by row: element (i,j) at (i (i+1) / 2 + j) kp. */
struct gmm_shape {
	size_t k, kp, d, tri;
	size_t means, covariances, offset, factor; /* in theta: [K][D], [K][D][D], [K][D], [K][D][D] */
	size_t first, second, frame, stats_size;   /* in the family's statistics: [D][kp], [tri][kp], a frame without its tail */
	size_t frame_size;                         /* offset [D][kp], factor [tri][kp], 1/diagonal [D][kp], log of the constant [kp] */
	/* In the family's derived: the frame of theta, that of the statistics, flags, scratch for gmm_again. */
	size_t gather, flag, new_offset, new_factor, derived_size;
};

enum { GMM_IS_DIAGONAL, GMM_IS_MOVED, GMM_FLAGS = 8 };

struct gmm_shape gmm_shape_of(size_t k, size_t d);
struct gmm_shape gmm_shape(const struct em_problem *p);
int gmm_kind(const struct em_problem *p);
double gmm_floor(const struct em_problem *p);
bool gmm_is_diagonal(const struct em_problem *p); /* diagonal or spherical */
/* Variance of column j; 0 when it does not vary beyond rounding. */
double gmm_variance(const struct em_points *x, size_t j);
/* A squared pivot of column j below this has no digits left: sums over rows would no longer agree to 1e-12 of their size. */
#define GMM_LEAST 1e-11 /* of the variance of all rows */
double gmm_least(const struct em_points *x, size_t j);

/* ---- algebra (gmm_algebra.c): D x D, rows of D; triangles lower with zeros above ---- */

/* L of a positive definite matrix (its lower half); false, and NANs, when it is not. */
bool gmm_cholesky(size_t d, const double *matrix, double *l);
/* C of a semidefinite one; pivots at or under least[i] are 0. In place. */
void gmm_semidefinite(size_t d, double *matrix, const double *least);
/* out = A B of two triangles; out is neither. */
void gmm_product(size_t d, const double *a, const double *b, double *out);
/* L L' += v v'; v is used up. */
void gmm_update(size_t d, double *l, double *v);
/* x = L^-1 b, in place. */
void gmm_forward(size_t d, const double *l, double *x);
/* L x, in place. */
void gmm_times(size_t d, const double *l, double *x);
/* L L' */
void gmm_square(size_t d, const double *l, double *out);
/* The eigenvalues of L L', to the digits of L, and (axes not NULL) in the columns of axes the eigenvectors times their roots. */
void gmm_eigenvalues(size_t d, const double *l, double *values, double *axes);
/* Lifts the eigenvalues of L L' below the floor to it; how many there were. */
size_t gmm_lift(size_t d, double *l, double floor);

/* ---- kernel (gmm_kernel.c): all components at once; 64-byte aligned ---- */

/* y [D][kp] of one row in a frame; out[kp]: log densities, -inf where there is no number (NULL: none). */
void gmm_whiten(const double *frame, size_t d, size_t kp, bool diagonal, const double *x, const double *centre, double *y,
                double *out);
/* Adds q y and q y y'. */
void gmm_add(size_t d, size_t kp, bool diagonal, const double *q, const double *y, double *first, double *second);

/* ---- steps (gmm_step.c) ---- */

/* The frame of theta, with its tail. */
void gmm_frame(const struct gmm_shape *s, const double *offset, const double *factor, double *frame);
/* The public covariance of component k from its factor. */
void gmm_publish(const struct gmm_shape *s, double *theta, size_t k);
enum em_status gmm_m_step(const struct em_problem *p, const double *counts, const double *stats, unsigned block,
                          double *theta, struct em_err *err);
bool gmm_again(const struct em_problem *p, const double *stats, double *derived);
double gmm_expected(const struct em_problem *p, const double *theta, const double *counts, const double *stats);

/* ---- start (gmm_init.c) ---- */
void gmm_seed(const struct em_problem *p, size_t n, size_t k, double *theta);
double gmm_distance(const struct em_problem *p, size_t a, size_t b);
void gmm_complete(const struct em_problem *p, double *theta);
enum em_status gmm_check(const struct em_problem *p, const double *theta, struct em_err *err);

/* ---- health (gmm_health.c) ---- */

/* Fills err: why the covariance of component k has become singular in column j. theta holds the new mean. */
enum em_status gmm_collapse(const struct em_problem *p, const double *counts, const double *theta, size_t k, size_t j,
                            double variance, struct em_err *err);
bool gmm_health(const struct em_problem *p, const double *theta, size_t k, char *out, size_t size);

#endif
