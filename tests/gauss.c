/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gauss.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const char *const gauss_kinds[] = {"full", "diagonal", "spherical", "tied"};

double gauss_normal(uint64_t *rng)
{
	double u = 1 - small_uniform(rng), v = small_uniform(rng);
	return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

double *gauss_draw(uint64_t seed, size_t rows, size_t d, size_t clusters, double width, double at)
{
	double centre[GAUSS_COMPONENTS][GAUSS_MOST], slope[GAUSS_COMPONENTS][GAUSS_MOST], *x = calloc(rows * d, sizeof *x);
	for (size_t k = 0; k < clusters; k++)
		for (size_t j = 0; j < d; j++) {
			centre[k][j] = 4 * gauss_normal(&seed);
			slope[k][j] = gauss_normal(&seed);
		}
	for (size_t n = 0; n < rows; n++) {
		size_t k = small_next(&seed) % clusters;
		double common = gauss_normal(&seed);
		for (size_t j = 0; j < d; j++)
			x[n * d + j] = at + centre[k][j] + width * (common * slope[k][j] + gauss_normal(&seed));
	}
	return x;
}

struct em_data *gauss_table(size_t rows, size_t columns, const double *x)
{
	static const char *const name[GAUSS_MOST + 1] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k",
	                                                 "l", "m", "n", "o", "p", "q", "r", "s", "t", "u"};
	struct em_points *points = NULL;
	struct em_data *d = NULL;
	struct em_err err = {0};
	if (em_points_from(rows, columns, name, x, &points, &err) || em_data_of("table", NULL, points, NULL, &d, &err))
		fail_msg("%s", err.msg);
	return d;
}

double *gauss_theta(size_t k, size_t d, const double *weights, const double *means, const double *covariances)
{
	size_t kp = (k + 7) / 8 * 8;
	double *theta = calloc(kp + 2 * k * d * (d + 1), sizeof *theta);
	memcpy(theta, weights, k * sizeof *theta);
	memcpy(theta + kp, means, k * d * sizeof *theta);
	memcpy(theta + kp + k * d, covariances, k * d * d * sizeof *theta);
	return theta;
}

double gauss_covariance(const struct em_snapshot *s, size_t k, size_t i, size_t j)
{
	const struct em_array *a = s->problem->layout.theta + 2;
	assert_string_equal(a->name, "covariances");
	return s->theta[a->offset + k * a->stride[0] + i * a->stride[1] + j * a->stride[2]];
}

double gauss_invert(size_t n, gauss_matrix a)
{
	gauss_matrix b = {{0}};
	double log_det = 0;
	for (size_t i = 0; i < n; i++)
		b[i][i] = 1;
	for (size_t c = 0; c < n; c++) {
		size_t best = c;
		for (size_t i = c; i < n; i++)
			if (fabs(a[i][c]) > fabs(a[best][c]))
				best = i;
		for (size_t j = 0; j < n; j++) {
			double t = a[c][j];
			a[c][j] = a[best][j];
			a[best][j] = t;
			t = b[c][j];
			b[c][j] = b[best][j];
			b[best][j] = t;
		}
		double pivot = a[c][c];
		log_det += log(fabs(pivot));
		for (size_t j = 0; j < n; j++) {
			a[c][j] /= pivot;
			b[c][j] /= pivot;
		}
		for (size_t i = 0; i < n; i++) {
			double by = i == c ? 0 : a[i][c];
			for (size_t j = 0; j < n && by != 0; j++) {
				a[i][j] -= by * a[c][j];
				b[i][j] -= by * b[c][j];
			}
		}
	}
	memcpy(a, b, sizeof(gauss_matrix));
	return log_det;
}

double gauss_finish(struct fit *f, int iterations)
{
	for (int i = 0; i < iterations; i++)
		fit_step(f, EM_ITERATION);
	return fit_entry(f)->log_evidence;
}

void gauss_check_entry(struct fit *f)
{
	const struct em_snapshot *s = fit_look(f);
	const struct em_entry *e = s->ledger + s->position;
	size_t k = s->problem->layout.components;
	double elbo = 0, log_p = 0, kl = 0, size = e->allowance * 1e-1 + 1e-10;
	for (size_t n = 0; n < s->problem->layout.observations; n++) {
		double sum = 0;
		elbo += s->obs[n].elbo;
		log_p += s->obs[n].log_evidence;
		kl += s->obs[n].kl;
		assert_true(s->obs[n].kl >= -1e-10);
		for (size_t i = 0; i < k; i++)
			sum += fit_q(s, "responsibilities", n, i);
		fit_near(sum, 1, 1e-12);
	}
	fit_near(elbo, e->elbo, size);
	fit_near(log_p, e->log_evidence, size);
	fit_near(kl, e->kl, size);
	if (e->phase == EM_E)
		fit_near(e->kl, 0, size);
	em_snapshot_release(s);
}
