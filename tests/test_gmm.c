/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Mixtures of Gaussians: against inverses and determinants, published numbers, and what narrow, far, few and equal rows do. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/faithful.h"
#include "fit.h"

enum { MOST = 20, COMPONENTS = 9 };
#define LOG_TURN 1.8378770664093454836

static const char *const kinds[] = {"full", "diagonal", "spherical", "tied"};
enum { FULL, DIAGONAL, SPHERICAL, TIED };

/* ---- data ---- */

static double normal(uint64_t *rng)
{
	double u = 1 - small_uniform(rng), v = small_uniform(rng);
	return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

/* Rows from `clusters` skewed Gaussians of widths around `width`, their centres a few units around `at`. */
static double *draw(uint64_t seed, size_t rows, size_t d, size_t clusters, double width, double at)
{
	double centre[COMPONENTS][MOST], slope[COMPONENTS][MOST], *x = calloc(rows * d, sizeof *x);
	for (size_t k = 0; k < clusters; k++)
		for (size_t j = 0; j < d; j++) {
			centre[k][j] = 4 * normal(&seed);
			slope[k][j] = normal(&seed);
		}
	for (size_t n = 0; n < rows; n++) {
		size_t k = small_next(&seed) % clusters;
		double common = normal(&seed);
		for (size_t j = 0; j < d; j++)
			x[n * d + j] = at + centre[k][j] + width * (common * slope[k][j] + normal(&seed));
	}
	return x;
}

static enum em_status make(size_t rows, size_t columns, const double *x, struct em_data **out, struct em_err *err)
{
	static const char *const name[MOST + 1] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k",
	                                           "l", "m", "n", "o", "p", "q", "r", "s", "t", "u"};
	struct em_points *points = NULL;
	enum em_status st = em_points_from(rows, columns, name, x, &points, err);
	return st ? st : em_data_of("table", NULL, points, NULL, out, err);
}

static struct em_data *table(size_t rows, size_t columns, const double *x)
{
	struct em_data *d = NULL;
	struct em_err err = {0};
	if (make(rows, columns, x, &d, &err))
		fail_msg("%s", err.msg);
	return d;
}

/* theta as the model keeps it: the public arrays, the rest is completed. */
static double *theta_of(size_t k, size_t d, const double *weights, const double *means, const double *covariances)
{
	size_t kp = (k + 7) / 8 * 8;
	double *theta = calloc(kp + 2 * k * d * (d + 1), sizeof *theta);
	memcpy(theta, weights, k * sizeof *theta);
	memcpy(theta + kp, means, k * d * sizeof *theta);
	memcpy(theta + kp + k * d, covariances, k * d * d * sizeof *theta);
	return theta;
}

/* Element of covariances[k]. */
static double covariance(const struct em_snapshot *s, size_t k, size_t i, size_t j)
{
	const struct em_array *a = s->problem->layout.theta + 2;
	assert_string_equal(a->name, "covariances");
	return s->theta[a->offset + k * a->stride[0] + i * a->stride[1] + j * a->stride[2]];
}

/* ---- the same EM with inverses, determinants and two passes ---- */

typedef double matrix[MOST][MOST];

/* Turns a into its inverse by elimination; returns log |det a|. */
static double invert(size_t n, matrix a)
{
	matrix b = {{0}};
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
	memcpy(a, b, sizeof(matrix));
	return log_det;
}

struct plain {
	size_t rows, d, k;
	int kind;
	const double *x;
	double weight[COMPONENTS], mean[COMPONENTS][MOST];
	matrix cov[COMPONENTS];
	double *q; /* [rows][k] */
};

static struct plain *plain_open(const struct em_snapshot *s, int kind)
{
	const struct em_points *x = s->problem->data->points;
	struct plain *f = calloc(1, sizeof *f);
	f->rows = x->rows;
	f->d = x->columns;
	f->k = s->problem->layout.components;
	f->kind = kind;
	f->x = x->x;
	f->q = calloc(f->rows * f->k, sizeof *f->q);
	for (size_t k = 0; k < f->k; k++) {
		f->weight[k] = fit_theta(s, "weights", k, 0);
		for (size_t i = 0; i < f->d; i++) {
			f->mean[k][i] = fit_theta(s, "means", k, i);
			for (size_t j = 0; j < f->d; j++)
				f->cov[k][i][j] = covariance(s, k, i, j);
		}
	}
	return f;
}

static void plain_close(struct plain *f)
{
	free(f->q);
	free(f);
}

/* The E-step; log p under the parameters as they are. */
static double plain_e(struct plain *f)
{
	double log_p = 0, det[COMPONENTS];
	static matrix inverse[COMPONENTS];
	for (size_t k = 0; k < f->k; k++) {
		memcpy(inverse[k], f->cov[k], sizeof(matrix));
		det[k] = invert(f->d, inverse[k]);
	}
	for (size_t n = 0; n < f->rows; n++) {
		double *q = f->q + n * f->k, most = -INFINITY, sum = 0;
		for (size_t k = 0; k < f->k; k++) {
			double form = 0;
			for (size_t i = 0; i < f->d; i++)
				for (size_t j = 0; j < f->d; j++)
					form += (f->x[n * f->d + i] - f->mean[k][i]) * inverse[k][i][j] * (f->x[n * f->d + j] - f->mean[k][j]);
			q[k] = log(f->weight[k]) - ((double)f->d * LOG_TURN + det[k] + form) / 2;
			most = fmax(most, q[k]);
		}
		for (size_t k = 0; k < f->k; k++)
			sum += exp(q[k] - most);
		for (size_t k = 0; k < f->k; k++)
			q[k] = exp(q[k] - most) / sum;
		log_p += most + log(sum);
	}
	return log_p;
}

static void plain_shape(struct plain *f, const double *count)
{
	for (size_t k = 0; k < f->k; k++) {
		double mean = 0;
		for (size_t i = 0; i < f->d; i++)
			mean += f->cov[k][i][i] / (double)f->d;
		for (size_t i = 0; i < f->d; i++)
			for (size_t j = 0; j < f->d && (f->kind == DIAGONAL || f->kind == SPHERICAL); j++)
				f->cov[k][i][j] = i != j ? 0 : f->kind == SPHERICAL ? mean : f->cov[k][i][i];
	}
	for (size_t i = 0; i < f->d && f->kind == TIED; i++)
		for (size_t j = 0; j < f->d; j++) {
			double sum = 0;
			for (size_t k = 0; k < f->k; k++)
				sum += count[k] / (double)f->rows * f->cov[k][i][j];
			for (size_t k = 0; k < f->k; k++)
				f->cov[k][i][j] = sum;
		}
}

static void plain_m(struct plain *f)
{
	double count[COMPONENTS] = {0};
	for (size_t k = 0; k < f->k; k++) {
		memset(f->mean[k], 0, sizeof f->mean[k]);
		memset(f->cov[k], 0, sizeof f->cov[k]);
		for (size_t n = 0; n < f->rows; n++)
			count[k] += f->q[n * f->k + k];
		for (size_t n = 0; n < f->rows; n++)
			for (size_t i = 0; i < f->d; i++)
				f->mean[k][i] += f->q[n * f->k + k] * f->x[n * f->d + i] / count[k];
		for (size_t n = 0; n < f->rows; n++)
			for (size_t i = 0; i < f->d; i++)
				for (size_t j = 0; j < f->d; j++)
					f->cov[k][i][j] += f->q[n * f->k + k] * (f->x[n * f->d + i] - f->mean[k][i]) *
					                   (f->x[n * f->d + j] - f->mean[k][j]) / count[k];
		f->weight[k] = count[k] / (double)f->rows;
	}
	plain_shape(f, count);
}

static void compare(struct fit *f, const struct plain *x, double room)
{
	const struct em_snapshot *s = fit_look(f);
	for (size_t k = 0; k < x->k; k++) {
		fit_near(fit_theta(s, "weights", k, 0), x->weight[k], room);
		for (size_t i = 0; i < x->d; i++) {
			fit_near(fit_theta(s, "means", k, i), x->mean[k][i], room * (1 + fabs(x->mean[k][i])));
			for (size_t j = 0; j < x->d; j++)
				fit_near(covariance(s, k, i, j), x->cov[k][i][j], room * (1 + fabs(x->cov[k][i][j])));
		}
		for (size_t n = 0; n < x->rows; n++)
			fit_near(fit_q(s, "responsibilities", n, k), x->q[n * x->k + k], room);
	}
	em_snapshot_release(s);
}

static void follow(struct fit *f, int kind, int iterations)
{
	const struct em_snapshot *s = fit_look(f);
	struct plain *x = plain_open(s, kind);
	em_snapshot_release(s);
	for (int i = 0; i < iterations; i++) {
		double log_p = plain_e(x);
		fit_step(f, EM_PHASE);
		fit_near(fit_entry(f)->log_evidence, log_p, 1e-9 + 1e-12 * fabs(log_p));
		fit_near(fit_entry(f)->elbo, log_p, 1e-9 + 1e-12 * fabs(log_p));
		plain_m(x);
		fit_step(f, EM_PHASE);
		compare(f, x, 1e-9);
	}
	plain_close(x);
}

static void test_plain_implementation(void **state)
{
	(void)state;
	static const size_t columns[] = {1, 2, 3, 8};
	for (int kind = 0; kind < 4; kind++)
		for (size_t i = 0; i < (fit_brief() ? 2 : 4); i++) {
			size_t d = columns[i], rows = 60 + 40 * d;
			double *x = draw(17 * i + (uint64_t)kind + 1, rows, d, 3, 1, 1);
			struct fit f;
			fit_open(&f, "gmm", NULL, table(rows, d, x), NULL, "components", "3", "covariance", kinds[kind], "init",
			         "observations", "seed", "4", NULL);
			free(x);
			follow(&f, kind, 12);
			fit_close(&f);
		}
}

/* ---- published ---- */

static double finish(struct fit *f, int iterations)
{
	for (int i = 0; i < iterations; i++)
		fit_step(f, EM_ITERATION);
	return fit_entry(f)->log_evidence;
}

static void test_faithful(void **state)
{
	(void)state;
	static const double weights[] = {.5, .5}, means[] = {2, 55, 4.5, 80}, cov[] = {1, 0, 0, 100, 1, 0, 0, 100};
	double *theta = theta_of(2, 2, weights, means, cov);
	struct fit f;
	fit_open(&f, "gmm", NULL, table(FAITHFUL, 2, &faithful[0][0]), theta, NULL);
	free(theta);
	fit_near(finish(&f, 40), -1130.26396018, 1e-8);
	const struct em_snapshot *s = fit_look(&f);
	fit_near(fit_theta(s, "weights", 0, 0), .3558729, 5e-8);
	fit_near(fit_theta(s, "means", 0, 0), 2.036388, 5e-7);
	fit_near(fit_theta(s, "means", 0, 1), 54.478516, 5e-7);
	fit_near(fit_theta(s, "means", 1, 0), 4.289662, 5e-7);
	fit_near(fit_theta(s, "means", 1, 1), 79.968115, 5e-7);
	em_snapshot_release(s);
	fit_close(&f);
	fit_open(&f, "gmm", NULL, table(FAITHFUL, 2, &faithful[0][0]), NULL, "components", "1", NULL);
	fit_near(finish(&f, 2), -1289.797, 5e-4);
	fit_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_implementation),
		cmocka_unit_test(test_faithful),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
