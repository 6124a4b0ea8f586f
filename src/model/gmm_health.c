/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>

#include "elbow/points.h"
#include "model/gmm.h"

/* The row nearest to a mean in standard units, and how many are the same as it. */
static size_t nearest(const struct em_points *x, const double *mean, size_t *alike)
{
	size_t best = 0, d = x->columns;
	double least = INFINITY;
	for (size_t n = 0; n < x->rows; n++) {
		double sum = 0;
		for (size_t j = 0; j < d; j++) {
			double away = (x->x[n * d + j] - mean[j]) / (x->sd[j] > 0 ? x->sd[j] : 1);
			sum += away * away;
		}
		if (sum < least) {
			least = sum;
			best = n;
		}
	}
	*alike = 0;
	for (size_t n = 0; n < x->rows; n++) {
		size_t j = 0;
		while (j < d && x->x[n * d + j] == x->x[best * d + j])
			j++;
		*alike += j == d;
	}
	return best;
}

enum em_status gmm_collapse(const struct em_problem *p, const double *counts, const double *theta, size_t k, size_t j,
                            double variance, struct em_err *err)
{
	const struct em_points *x = p->data->points;
	struct gmm_shape s = gmm_shape(p);
	size_t alike, row = nearest(x, theta + s.means + k * s.d, &alike);
	(void)row;
	return em_fail(err, EM_INPUT, "component %zu collapses: its variance of %s falls to %g (all rows: %g) with %g of %zu rows, and "
	               "the likelihood has no maximum there; set floor above 0, take fewer components, or another seed", k + 1,
	               x->column[j], variance, x->sd[j] * x->sd[j], counts[k], x->rows);
}

bool gmm_health(const struct em_problem *p, const double *theta, size_t k, char *out, size_t size)
{
	struct gmm_shape s = gmm_shape(p);
	double values[GMM_COLUMNS], floor = gmm_floor(p);
	size_t low = 0;
	gmm_eigenvalues(s.d, theta + s.factor + k * s.d * s.d, values, NULL);
	for (size_t i = 0; i < s.d; i++)
		low += values[i] <= floor * (1 + 1e-9);
	if (!low)
		return false;
	snprintf(out, size, "the floor acts: %zu of %zu eigenvalues of the covariance %s held at %g", low, s.d, low == 1 ? "is" : "are",
	         floor);
	return true;
}
