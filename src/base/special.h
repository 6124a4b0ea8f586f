/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Special functions and log-space helpers, outside the hot loops. Thread-safe; arguments > 0. */
#ifndef ELBOW_BASE_SPECIAL_H
#define ELBOW_BASE_SPECIAL_H

#include <stddef.h>

double special_digamma(double x);
double special_trigamma(double x);
/* The x > 0 with digamma(x) = y: to a few ulp times the condition of the problem; 0 for -INFINITY. */
double special_inverse_digamma(double y);
double special_lgamma(double x);
/* D(a) = lgamma(sum a) - sum lgamma(a): the log normalizer of a Dirichlet density. */
double special_log_norm(const double *a, size_t n);
/* log sum exp(v), -INFINITY for n = 0 or all -INFINITY. */
double special_log_sum_exp(const double *v, size_t n);
/* P(t <= x), t ~ Beta(a, b). */
double special_beta_cdf(double x, double a, double b);
/* The p-quantile of Beta(a, b), for intervals of a Dirichlet's marginals. */
double special_beta_quantile(double p, double a, double b);

#endif
