/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "elbow/points.h"
#include "model/gmm.h"
#include "model/mixture.h"

/* What rounding of the mean makes of a column that is the same in every row. */
static double rounding(const struct em_points *x, size_t j)
{
	double unit = 4 * DBL_EPSILON * x->mean[j];
	return unit * unit;
}

double gmm_variance(const struct em_points *x, size_t j)
{
	double v = x->sd[j] * x->sd[j];
	return v > rounding(x, j) ? v : 0;
}

double gmm_least(const struct em_points *x, size_t j)
{
	return fmax(GMM_LEAST * x->sd[j] * x->sd[j] + rounding(x, j), DBL_MIN);
}

/* Each component begins as wide as its share of the volume: K of them fill what all rows do. */
void gmm_seed(const struct em_problem *p, size_t n, size_t k, double *theta)
{
	const struct em_points *x = p->data->points;
	struct gmm_shape s = gmm_shape(p);
	size_t d = s.d;
	double share = pow((double)s.k, -2 / (double)d), floor = gmm_floor(p), all = 0;
	for (size_t j = 0; j < d; j++)
		all += gmm_variance(x, j) / (double)d;
	for (size_t j = 0; j < d; j++) {
		double variance = share * (gmm_kind(p) == GMM_SPHERICAL ? all : gmm_variance(x, j));
		theta[s.means + k * d + j] = x->x[n * d + j];
		for (size_t i = 0; i < d; i++)
			theta[s.covariances + (k * d + i) * d + j] = 0;
		theta[s.covariances + (k * d + j) * d + j] = fmax(variance, floor);
	}
}

/* In standard units. */
double gmm_distance(const struct em_problem *p, size_t a, size_t b)
{
	const struct em_points *x = p->data->points;
	double sum = 0;
	for (size_t j = 0; j < x->columns; j++) {
		double apart = x->x[a * x->columns + j] - x->x[b * x->columns + j];
		if (gmm_variance(x, j) > 0)
			sum += apart / x->sd[j] * (apart / x->sd[j]);
	}
	return sqrt(sum);
}

void gmm_complete(const struct em_problem *p, double *theta)
{
	struct gmm_shape s = gmm_shape(p);
	size_t d = s.d;
	for (size_t k = 0; k < s.k; k++) {
		for (size_t j = 0; j < d; j++)
			theta[s.offset + k * d + j] = theta[s.means + k * d + j] - p->data->points->mean[j];
		gmm_cholesky(d, theta + s.covariances + k * d * d, theta + s.factor + k * d * d);
	}
}

/* ---- a theta from outside ---- */

static bool near(double a, double b, double scale)
{
	return fabs(a - b) <= 1e-9 * scale;
}

/* What the setting covariance asks of a matrix. */
static enum em_status check_kind(const struct em_problem *p, const struct gmm_shape *s, const double *theta, size_t k,
                                 struct em_err *err)
{
	size_t d = s->d;
	int kind = gmm_kind(p);
	const double *all = theta + s->covariances, *c = all + k * d * d;
	for (size_t i = 0; i < d; i++)
		for (size_t j = 0; j < d; j++) {
			double scale = sqrt(c[i * d + i]) * sqrt(c[j * d + j]);
			if (i != j && gmm_is_diagonal(p) && !near(c[i * d + j], 0, scale))
				return em_fail(err, EM_INPUT, "covariances[%zu][%zu][%zu] is %g; it is 0 where covariance is %s", k + 1, i + 1,
				               j + 1, c[i * d + j], kind == GMM_DIAGONAL ? "diagonal" : "spherical");
			if (i == j && kind == GMM_SPHERICAL && !near(c[i * d + i], c[0], c[0]))
				return em_fail(err, EM_INPUT, "covariances[%zu] has variances %g and %g; they are the same where covariance is "
				               "spherical", k + 1, c[0], c[i * d + i]);
			if (kind == GMM_TIED && !near(c[i * d + j], all[i * d + j], scale))
				return em_fail(err, EM_INPUT, "covariances[%zu][%zu][%zu] is %g and that of component 1 %g; all components have one "
				               "where covariance is tied", k + 1, i + 1, j + 1, c[i * d + j], all[i * d + j]);
		}
	return EM_OK;
}

static enum em_status check_matrix(const struct em_problem *p, const struct gmm_shape *s, const double *theta, size_t k,
                                   struct em_err *err)
{
	size_t d = s->d;
	const double *c = theta + s->covariances + k * d * d, *l = theta + s->factor + k * d * d;
	double values[GMM_COLUMNS], floor = gmm_floor(p);
	for (size_t i = 0; i < d; i++)
		if (!(c[i * d + i] > 0))
			return em_fail(err, EM_INPUT, "covariances[%zu][%zu][%zu] is %g; a variance is above 0", k + 1, i + 1, i + 1, c[i * d + i]);
	for (size_t i = 0; i < d; i++)
		for (size_t j = 0; j <= i; j++)
			if (!isfinite(c[i * d + j]) || !near(c[i * d + j], c[j * d + i], sqrt(c[i * d + i]) * sqrt(c[j * d + j])))
				return em_fail(err, EM_INPUT, "covariances[%zu][%zu][%zu] is %g and [%zu][%zu] %g; a covariance is finite and "
				               "symmetric", k + 1, i + 1, j + 1, c[i * d + j], j + 1, i + 1, c[j * d + i]);
	for (size_t i = 0; i < d; i++)
		if (!(l[i * d + i] * l[i * d + i] >= gmm_least(p->data->points, i)))
			return em_fail(err, EM_INPUT, "covariances[%zu] is not positive definite, or narrower than rounding allows; its "
			               "eigenvalues are above 0", k + 1);
	gmm_eigenvalues(d, l, values, NULL);
	for (size_t i = 0; i < d; i++)
		if (values[i] < floor * (1 - 1e-9))
			return em_fail(err, EM_INPUT, "covariances[%zu] has the eigenvalue %g, below the floor of %g; lower the floor or begin "
			               "with a wider component", k + 1, values[i], floor);
	return check_kind(p, s, theta, k, err);
}

/* Every row has a density under some component. */
static enum em_status check_rows(const struct em_problem *p, const double *theta, struct em_err *err)
{
	enum em_status st = EM_OK;
	double *weight = calloc(2 * p->layout.components, sizeof *weight), *fit = weight + p->layout.components;
	if (!weight)
		return em_no_memory(err);
	for (size_t n = 0; n < p->layout.observations && !st; n++) {
		bool possible = false;
		st = mixture_weigh(p, theta, n, weight, fit, err);
		for (size_t k = 0; k < p->layout.components && !st; k++)
			possible |= weight[k] > -INFINITY && fit[k] > -INFINITY;
		if (!possible && !st)
			st = em_fail(err, EM_INPUT, "row %zu is too far from every component for its density to be computed; begin with "
			             "means among the rows", n + 1);
	}
	free(weight);
	return st;
}

enum em_status gmm_check(const struct em_problem *p, const double *theta, struct em_err *err)
{
	struct gmm_shape s = gmm_shape(p);
	enum em_status st = EM_OK;
	for (size_t i = 0; i < s.k * s.d; i++)
		if (!isfinite(theta[s.means + i]))
			return em_fail(err, EM_INPUT, "means[%zu][%zu] is %g; a mean is finite", i / s.d + 1, i % s.d + 1, theta[s.means + i]);
	for (size_t k = 0; k < s.k && !st; k++)
		st = check_matrix(p, &s, theta, k, err);
	return st ? st : check_rows(p, theta, err);
}
