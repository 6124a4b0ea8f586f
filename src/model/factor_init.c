/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a factor model starts, what it takes for a theta, and how small a noise may get. */
#include <float.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "base/buf.h"
#include "base/number.h"
#include "base/text.h"
#include "model/factor.h"

enum { INIT_RANDOM, INIT_GIVEN };

bool factor_spherical(const struct em_problem *p)
{
	return (int)em_settings_number(p->settings, "noise") == FACTOR_SPHERICAL;
}

double factor_floor(const struct em_problem *p)
{
	return em_settings_number(p->settings, "floor");
}

/* What rounding of the mean makes of a column that is the same in every row. */
static double rounding(const struct em_points *x, size_t j)
{
	double unit = 4 * DBL_EPSILON * x->mean[j];
	return unit * unit;
}

bool factor_constant(const struct em_points *x, size_t j)
{
	return x->sd[j] * x->sd[j] <= rounding(x, j);
}

double factor_least(const struct em_problem *p, size_t j)
{
	const struct em_points *x = p->data->points;
	return 1e-12 * x->sd[j] * x->sd[j] + rounding(x, j);
}

/* Half of a column's variance is noise; the loadings are drawn so that they make the other half on average. */
enum em_status factor_init(const struct em_problem *p, uint64_t seed, double *theta, struct em_err *err)
{
	struct factor_shape s = factor_shape(p);
	const struct em_points *x = p->data->points;
	double floor_at = factor_floor(p), all = 0;
	if ((int)em_settings_number(p->settings, "init") == INIT_GIVEN)
		return em_fail(err, EM_USAGE, "init=given needs a state file; give one with --init FILE or `init FILE`");
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!rng)
		return em_no_memory(err);
	gsl_rng_set(rng, (unsigned long)(seed ^ (seed >> 32)));
	for (size_t j = 0; j < s.d; j++) {
		bool varies = !factor_constant(x, j);
		double half = varies ? x->sd[j] * x->sd[j] / 2 : 0;
		theta[j] = x->mean[j];
		theta[s.noise + j] = fmax(floor_at, varies ? half : floor_at > 0 ? floor_at : 1);
		all += half / (double)s.d;
		for (size_t i = 0; i < s.k; i++)
			theta[s.loadings + i * s.d + j] = gsl_ran_gaussian(rng, 1) * sqrt(half / (double)s.k);
	}
	for (size_t j = 0; j < s.d && factor_spherical(p); j++)
		theta[s.noise + j] = fmax(floor_at, all > 0 ? all : floor_at > 0 ? floor_at : 1);
	gsl_rng_free(rng);
	return EM_OK;
}

enum em_status factor_check(const struct em_problem *p, const double *theta, struct em_err *err)
{
	struct factor_shape s = factor_shape(p);
	double floor_at = factor_floor(p);
	for (size_t j = 0; j < s.d; j++) {
		double noise = theta[s.noise + j];
		if (!isfinite(theta[j]))
			return em_fail(err, EM_INPUT, "mean[%zu] is %g; it must be finite", j + 1, theta[j]);
		if (!isfinite(noise) || !(noise > 0) || noise < floor_at)
			return em_fail(err, EM_INPUT, "noise[%zu] is %g; a variance is above 0 and not below the floor, %g", j + 1, noise,
			               floor_at);
		if (factor_spherical(p) && fabs(noise - theta[s.noise]) > 1e-9 * noise)
			return em_fail(err, EM_INPUT, "noise[%zu] is %g and noise[1] %g; with noise=spherical they are the same", j + 1, noise,
			               theta[s.noise]);
		for (size_t i = 0; i < s.k; i++)
			if (!isfinite(theta[s.loadings + i * s.d + j]))
				return em_fail(err, EM_INPUT, "loadings[%zu][%zu] is %g; it must be finite", i + 1, j + 1,
				               theta[s.loadings + i * s.d + j]);
	}
	return EM_OK;
}

/* The factor with the largest loading in a column. */
static size_t leader(const struct factor_shape *s, const double *theta, size_t j)
{
	size_t best = 0;
	for (size_t i = 1; i < s->k; i++)
		if (fabs(theta[s->loadings + i * s->d + j]) > fabs(theta[s->loadings + best * s->d + j]))
			best = i;
	return best;
}

bool factor_health(const struct em_problem *p, const double *theta, size_t k, char *out, size_t size)
{
	struct factor_shape s = factor_shape(p);
	double floor_at = factor_floor(p);
	size_t held = 0, first = 0;
	for (size_t j = s.d; j-- > 0 && floor_at > 0;)
		if (theta[s.noise + j] <= floor_at && leader(&s, theta, j) == k) {
			held++;
			first = j;
		}
	if (!held)
		return false;
	struct buf b = {0};
	buf_puts(&b, "the noise of ");
	text_clip(&b, p->data->points->column[first], 24, false);
	if (held > 1)
		buf_printf(&b, " and %zu more", held - 1);
	buf_printf(&b, " is held at the floor, %s: the factors would reproduce it exactly", number_short(floor_at, 3).s);
	buf_copy(&b, out, size);
	buf_free(&b);
	return true;
}
