/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows from Gaussians, and small helpers for the tests of their mixtures. */
#ifndef ELBOW_TESTS_GAUSS_H
#define ELBOW_TESTS_GAUSS_H

#include "fit.h"

enum { GAUSS_MOST = 20, GAUSS_COMPONENTS = 9 };
enum { GAUSS_FULL, GAUSS_DIAGONAL, GAUSS_SPHERICAL, GAUSS_TIED };
extern const char *const gauss_kinds[]; /* as the setting covariance names them */

#define GAUSS_LOG_TURN 1.8378770664093454836

typedef double gauss_matrix[GAUSS_MOST][GAUSS_MOST];

double gauss_normal(uint64_t *rng);
/* Rows from `clusters` skewed Gaussians of widths around `width`, their centres a few units around `at`. */
double *gauss_draw(uint64_t seed, size_t rows, size_t d, size_t clusters, double width, double at);
struct em_data *gauss_table(size_t rows, size_t columns, const double *x);
/* theta as the model keeps it: the public arrays, the rest is completed. */
double *gauss_theta(size_t k, size_t d, const double *weights, const double *means, const double *covariances);
/* Element of covariances[k]. */
double gauss_covariance(const struct em_snapshot *s, size_t k, size_t i, size_t j);
/* Turns a into its inverse by elimination; returns log |det a|. */
double gauss_invert(size_t n, gauss_matrix a);
/* That many iterations; log p then. */
double gauss_finish(struct fit *f, int iterations);
/* The numbers of one entry against one another. */
void gauss_check_entry(struct fit *f);

#endif
