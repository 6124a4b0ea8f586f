/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The M-step of the factor model and its energy, both from the statistics: what is left of the residuals e when the
 * parameters move from those of the pass by some difference. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/factor.h"

enum { TERM_PZ, TERM_PX };
#define LOG_TURN 1.8378770664093454836 /* log 2 pi */

/* E[(x - mean - l z)^2] of column j, per observation. */
static double left_of(const struct factor_shape *s, const double *theta, const double *stats, size_t j)
{
	const double *l = theta + s->loadings, *was = stats + s->at_loadings;
	double n = stats[0], shift = theta[s->offset + j] - stats[s->at_offset + j];
	double sum = stats[s->sum_ee + j] - 2 * shift * stats[s->sum_e + j] + n * shift * shift;
	for (size_t i = 0; i < s->k; i++) {
		double di = l[i * s->d + j] - was[i * s->d + j], row = 0;
		if (di == 0)
			continue;
		for (size_t h = 0; h < s->k; h++)
			row += stats[s->sum_mm + i * s->k + h] * (l[h * s->d + j] - was[h * s->d + j]);
		sum += di * (row + 2 * shift * stats[s->sum_m + i] - 2 * stats[s->sum_me + i * s->d + j]);
	}
	return fmax(0, sum / n) + factor_spread(s, stats + s->triangle, l, j);
}

/* Loadings and mean at once: a regression of x on z and 1, whose z have the means m and the covariance T T'. */
static enum em_status regress(const struct em_problem *p, const struct factor_shape *s, const double *stats, double *theta,
                              struct em_err *err)
{
	size_t k = s->k, d = s->d;
	const double *t = stats + s->triangle, *was = stats + s->at_loadings, *m = stats + s->sum_m, *e = stats + s->sum_e;
	double n = stats[0], *a = malloc((2 * k * k + k * d + 1) * sizeof *a);
	if (!a)
		return em_no_memory(err);
	double *v = a + k * k, *move = v + k * k;
	for (size_t i = 0; i < k; i++)
		for (size_t h = 0; h < k; h++) {
			double sum = 0;
			for (size_t l = i > h ? i : h; l < k; l++)
				sum += t[i * k + l] * t[h * k + l];
			v[i * k + h] = sum;
			a[i * k + h] = stats[s->sum_mm + i * k + h] - m[i] * m[h] / n + n * sum;
		}
	for (size_t i = 0; i < k; i++)
		for (size_t j = 0; j < d; j++) {
			double sum = 0;
			for (size_t h = 0; h < k; h++)
				sum += v[i * k + h] * was[h * d + j];
			move[i * d + j] = stats[s->sum_me + i * d + j] - n * sum - m[i] * e[j] / n;
		}
	factor_solve(k, a, move, d);
	for (size_t j = 0; j < d; j++) {
		double sum = e[j];
		for (size_t i = 0; i < k; i++) {
			sum -= move[i * d + j] * m[i];
			theta[s->loadings + i * d + j] = was[i * d + j] + move[i * d + j];
		}
		theta[s->offset + j] = stats[s->at_offset + j] + sum / n;
		theta[j] = p->data->points->mean[j] + theta[s->offset + j];
	}
	free(a);
	return EM_OK;
}

static enum em_status too_small(const struct em_problem *p, size_t j, double noise, struct em_err *err)
{
	const struct em_points *x = p->data->points;
	if (x->rows == 1)
		return em_fail(err, EM_FAILED, "one row has no variance: the noise falls to %g, and the likelihood has no maximum; give more "
		               "rows, or set floor above 0", noise);
	if (j < x->columns && factor_constant(x, j))
		return em_fail(err, EM_FAILED, "column %s is the same in every row: its noise falls to %g, and the likelihood has no maximum; "
		               "leave it out, or set floor above 0", x->column[j], noise);
	return em_fail(err, EM_FAILED, "the noise of %s%s falls to %g: %zu factor%s reproduce%s it exactly (a Heywood case), and the "
	               "likelihood has no maximum there; take fewer factors, leave a column out, or set floor above 0",
	               j < x->columns ? "column " : "all columns", j < x->columns ? x->column[j] : "", noise,
	               p->layout.components, p->layout.components == 1 ? "" : "s", p->layout.components == 1 ? "s" : "");
}

static enum em_status move_noise(const struct em_problem *p, const struct factor_shape *s, const double *stats, double *theta,
                                 struct em_err *err)
{
	double *noise = theta + s->noise, floor_at = factor_floor(p), all = 0, least = 0;
	for (size_t j = 0; j < s->d; j++) {
		noise[j] = fmax(floor_at, left_of(s, theta, stats, j));
		all += left_of(s, theta, stats, j) / (double)s->d;
		least += factor_least(p, j) / (double)s->d;
		if (!factor_spherical(p) && !(floor_at > 0) && !(noise[j] > factor_least(p, j)))
			return too_small(p, j, noise[j], err);
	}
	if (!factor_spherical(p))
		return EM_OK;
	if (!(floor_at > 0) && !(all > least))
		return too_small(p, s->d, all, err);
	for (size_t j = 0; j < s->d; j++)
		noise[j] = fmax(floor_at, all);
	return EM_OK;
}

enum em_status factor_m_step(const struct em_problem *p, const double *stats, unsigned block, double *theta,
                             struct em_err *err)
{
	struct factor_shape s = factor_shape(p);
	return block == 0 ? regress(p, &s, stats, theta, err) : move_noise(p, &s, stats, theta, err);
}

void factor_energy(const struct em_problem *p, const double *theta, const double *stats, double *terms)
{
	struct factor_shape s = factor_shape(p);
	double n = stats[0], z = (double)s.k * LOG_TURN, x = 0;
	for (size_t i = 0; i < s.k * s.k; i++)
		z += stats[s.triangle + i] * stats[s.triangle + i];
	z *= n;
	for (size_t i = 0; i < s.k; i++)
		z += stats[s.sum_mm + i * s.k + i];
	for (size_t j = 0; j < s.d; j++)
		x += LOG_TURN + log(theta[s.noise + j]) + left_of(&s, theta, stats, j) / theta[s.noise + j];
	terms[TERM_PZ] = -z / 2;
	terms[TERM_PX] = -n * x / 2;
}
