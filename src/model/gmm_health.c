/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What to say of a component that shrinks: where it goes, how much of the data it has, and what would help. */
#include <math.h>
#include <stdio.h>

#include "elbow/points.h"
#include "model/gmm.h"

#define SLIM 1e-6 /* of the variance of all rows: worth a warning */

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

/* Variance of column i under a factor. */
static double width(size_t d, const double *l, size_t i)
{
	double sum = 0;
	for (size_t j = 0; j <= i; j++)
		sum += l[i * d + j] * l[i * d + j];
	return sum;
}

/* True when a component is narrow in all columns: on one point, and not on a line. */
static bool on_a_point(const struct em_points *x, const double *l)
{
	for (size_t j = 0; j < x->columns; j++)
		if (width(x->columns, l, j) > 1e-9 * x->sd[j] * x->sd[j])
			return false;
	return true;
}

/* A floor that keeps a thousandth of the narrowest column's variance, as a power of ten. */
static double good_floor(const struct em_points *x)
{
	double least = INFINITY;
	for (size_t j = 0; j < x->columns; j++)
		if (gmm_variance(x, j) > 0)
			least = fmin(least, gmm_variance(x, j));
	return pow(10, floor(log10(1e-3 * (isfinite(least) ? least : 1))));
}

/* Which rows are to blame. */
static void cause(const struct em_problem *p, const double *counts, const double *theta, size_t k, size_t j, char *out,
                  size_t size)
{
	const struct em_points *x = p->data->points;
	struct gmm_shape s = gmm_shape(p);
	bool full = !gmm_is_diagonal(p), tied = gmm_kind(p) == GMM_TIED;
	size_t alike, row = nearest(x, theta + s.means + k * s.d, &alike);
	bool point = on_a_point(x, theta + s.factor + k * s.d * s.d);
	const char *known = full && j > 0 ? " once the columns before it are known" : "";
	if (tied && point)
		snprintf(out, size, "every row lies on the mean of a component, or next to it (%zu components, %zu rows)", s.k, x->rows);
	else if (tied)
		snprintf(out, size, "about the means of their components all %zu rows have nearly one value of %s%s", x->rows,
		         x->column[j], known);
	else if (point && counts[k] > (double)alike + 0.5)
		snprintf(out, size, "its share, %.4g of %zu rows, lies together around row %zu", counts[k], x->rows, row + 1);
	else if (point && alike > 1)
		snprintf(out, size, "its share, %.4g of %zu rows, lies on row %zu and the %zu equal to it", counts[k], x->rows, row + 1,
		         alike - 1);
	else if (point)
		snprintf(out, size, "its share, %.4g of %zu rows, lies on row %zu alone", counts[k], x->rows, row + 1);
	else if (full && counts[k] < (double)s.d + 0.5)
		snprintf(out, size, "its share is %.4g of %zu rows, and a covariance of %zu columns needs %zu", counts[k], x->rows, s.d,
		         s.d + 1);
	else
		snprintf(out, size, "in its share, %.4g of %zu rows, all have nearly one value of %s%s", counts[k], x->rows, x->column[j],
		         known);
}

enum em_status gmm_collapse(const struct em_problem *p, const double *counts, const double *theta, size_t k, size_t j,
                            double variance, struct em_err *err)
{
	const struct em_points *x = p->data->points;
	char why[256], name[48];
	if (gmm_floor(p) > 0)
		return em_fail(err, EM_FAILED, "component %zu: a floor of %g is too low for the digits of a number beside the variance of "
		               "column %s, %g; set floor %g", k + 1, gmm_floor(p), x->column[j], x->sd[j] * x->sd[j], good_floor(x));
	cause(p, counts, theta, k, j, why, sizeof why);
	snprintf(name, sizeof name, gmm_kind(p) == GMM_TIED ? "the shared covariance" : "component %zu", k + 1);
	return em_fail(err, EM_FAILED, "%s collapses: %s; the variance of %s falls to %.3g (all rows: %.3g) and the likelihood has no "
	               "maximum; set floor %g, take fewer components, or another seed", name, why, x->column[j], variance,
	               x->sd[j] * x->sd[j], good_floor(x));
}

/* The column with the smallest pivot against the variance of all rows. */
static size_t slimmest(const struct em_points *x, const double *l, double *ratio)
{
	size_t best = 0;
	*ratio = INFINITY;
	for (size_t j = 0; j < x->columns; j++) {
		double pivot = l[j * x->columns + j], of = pivot * pivot / gmm_variance(x, j);
		if (of < *ratio) {
			*ratio = of;
			best = j;
		}
	}
	return best;
}

bool gmm_health(const struct em_problem *p, const double *theta, size_t k, char *out, size_t size)
{
	const struct em_points *x = p->data->points;
	struct gmm_shape s = gmm_shape(p);
	const double *l = theta + s.factor + k * s.d * s.d;
	double values[GMM_COLUMNS], floor = gmm_floor(p), ratio, share = theta[k] * (double)x->rows;
	size_t low = 0, need = gmm_is_diagonal(p) ? 2 : s.d + 1, slim = slimmest(x, l, &ratio);
	gmm_eigenvalues(s.d, l, values, NULL);
	for (size_t i = 0; i < s.d; i++)
		low += values[i] <= floor * (1 + 1e-9);
	if (low)
		snprintf(out, size, "the floor acts: %zu of %zu eigenvalues of the covariance %s held at %g", low, s.d,
		         low == 1 ? "is" : "are", floor);
	else if (gmm_kind(p) != GMM_TIED && share > 0 && share < (double)need - 0.5)
		snprintf(out, size, "close to collapse: its share is %.4g of %zu rows, and %s of %zu column%s needs %zu", share, x->rows,
		         gmm_is_diagonal(p) ? "a variance" : "a covariance", s.d, s.d == 1 ? "" : "s", need);
	else if (ratio < SLIM)
		snprintf(out, size, "nearly singular: its variance in column %zu%s is %.2g of that of all rows; under %g the M-step stops",
		         slim + 1, slim > 0 && !gmm_is_diagonal(p) ? ", the columns before it known," : "", ratio, GMM_LEAST);
	else
		return false;
	return true;
}
