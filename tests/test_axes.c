/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Principal axes: shares and directions where they are known, uncorrelated coordinates, unique signs, covariances that
 * project, constant and single columns, and tables wide enough for the other way to them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fit.h"

struct table {
	struct em_points *p;
	double *axes, *at, share[2];
};

static struct table table_of(size_t rows, size_t columns, const double *x)
{
	struct table t = {.axes = calloc(2 * columns, sizeof(double)), .at = calloc(2 * rows, sizeof(double))};
	const char **name = calloc(columns, sizeof *name);
	struct em_err err = {0};
	for (size_t j = 0; j < columns; j++)
		name[j] = "c";
	if (em_points_from(rows, columns, name, x, &t.p, &err) || em_points_axes(t.p, t.axes, t.share, &err))
		fail_msg("%s", err.msg);
	em_points_project(t.p, t.axes, t.at);
	free((void *)name);
	return t;
}

static void close_table(struct table *t)
{
	em_points_free(t->p);
	free(t->axes);
	free(t->at);
}

static double normal(uint64_t *rng)
{
	double u = 1 - small_uniform(rng), v = small_uniform(rng);
	return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

/* Columns of very different units that hang on `rank` hidden ones. */
static double *draw(uint64_t seed, size_t rows, size_t columns, size_t rank)
{
	double *x = calloc(rows * columns, sizeof *x), *l = calloc(rank * columns, sizeof *l), z[8];
	for (size_t i = 0; i < rank * columns; i++)
		l[i] = normal(&seed) / (double)(1 + i / columns);
	for (size_t n = 0; n < rows; n++) {
		for (size_t i = 0; i < rank; i++)
			z[i] = normal(&seed);
		for (size_t j = 0; j < columns; j++) {
			double v = .3 * normal(&seed);
			for (size_t i = 0; i < rank; i++)
				v += l[i * columns + j] * z[i];
			x[n * columns + j] = 100 * (double)j + pow(10, (double)(j % 5)) * v;
		}
	}
	free(l);
	return x;
}

/* Coordinates have mean 0, the variances that the shares say, and no correlation. */
static void check_coordinates(const struct table *t, size_t varying, double room)
{
	double n = (double)t->p->rows, mean[2] = {0}, cov[3] = {0};
	for (size_t i = 0; i < t->p->rows; i++) {
		const double *a = t->at + 2 * i;
		mean[0] += a[0] / n;
		mean[1] += a[1] / n;
		cov[0] += a[0] * a[0] / n;
		cov[1] += a[0] * a[1] / n;
		cov[2] += a[1] * a[1] / n;
	}
	fit_near(mean[0], 0, 1e-9);
	fit_near(mean[1], 0, 1e-9);
	fit_near(cov[0], t->share[0] * (double)varying, room);
	fit_near(cov[2], t->share[1] * (double)varying, room);
	fit_near(cov[1], 0, room);
	assert_true(t->share[0] >= t->share[1] - 1e-15 && t->share[1] >= 0 && t->share[0] + t->share[1] <= 1 + 1e-12);
}

/* In standard units: orthonormal, and the largest element positive. */
static void check_directions(const struct table *t)
{
	double product[3] = {0};
	for (size_t a = 0; a < 2; a++) {
		double most = 0, least = 0;
		for (size_t j = 0; j < t->p->columns; j++) {
			double v = t->axes[a * t->p->columns + j] * t->p->sd[j], w = t->axes[j] * t->p->sd[j];
			product[a] += v * v;
			product[2] += a == 1 ? v * w : 0;
			most = fmax(most, v);
			least = fmin(least, v);
		}
		assert_true(most >= -least * (1 - 1e-8));
	}
	fit_near(product[0], 1, 1e-12);
	fit_near(product[1], 1, 1e-12);
	fit_near(product[2], 0, 1e-12);
}

static void test_two_columns(void **state)
{
	(void)state;
	static const double x[] = {0, 10, 1, 12, 2, 15, 3, 15, 4, 20}, down[] = {0, 10, 1, 8, 2, 5, 3, 5, 4, 0};
	for (int c = 0; c < 2; c++) {
		struct table t = table_of(5, 2, c ? down : x);
		double r = 0, half = sqrt(.5);
		for (size_t n = 0; n < 5; n++)
			r += (t.p->x[2 * n] - t.p->mean[0]) * (t.p->x[2 * n + 1] - t.p->mean[1]) / (5 * t.p->sd[0] * t.p->sd[1]);
		assert_true(c ? r < -.9 : r > .9);
		/* Of two columns in standard units the axes are the diagonals, their variances 1 + |r| and 1 - |r|. */
		fit_near(t.share[0], (1 + fabs(r)) / 2, 1e-14);
		fit_near(t.share[1], (1 - fabs(r)) / 2, 1e-14);
		fit_near(t.axes[0] * t.p->sd[0], half, 1e-14);
		fit_near(t.axes[1] * t.p->sd[1], c ? -half : half, 1e-14);
		fit_near(t.axes[2] * t.p->sd[0], half, 1e-14);
		fit_near(t.axes[3] * t.p->sd[1], c ? half : -half, 1e-14);
		check_coordinates(&t, 2, 1e-13);
		close_table(&t);
	}
}

static void test_random(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		size_t columns = 3 + seed % 6, rows = seed == 8 ? 3 : 40;
		double *x = draw(seed, rows, columns, 2), *other = malloc(rows * columns * sizeof *other), sum = 0;
		struct table t = table_of(rows, columns, x);
		check_coordinates(&t, columns, 1e-11);
		check_directions(&t);
		/* Other units, the same coordinates. */
		for (size_t i = 0; i < rows * columns; i++)
			other[i] = x[i] * pow(7, (double)(i % columns)) - 3;
		struct table u = table_of(rows, columns, other);
		for (size_t i = 0; i < 2 * rows; i++)
			fit_near(u.at[i], t.at[i], 1e-8);
		/* The columns' covariance projects to that of the coordinates. */
		for (size_t i = 0; i < columns; i++)
			for (size_t j = 0; j < columns; j++)
				for (size_t n = 0; n < rows; n++)
					sum += t.axes[i] * t.axes[columns + j] * (x[n * columns + i] - t.p->mean[i]) * (x[n * columns + j] - t.p->mean[j]);
		fit_near(sum / (double)rows, 0, 1e-11);
		close_table(&t);
		close_table(&u);
		free(x);
		free(other);
	}
}

static void test_edges(void **state)
{
	(void)state;
	static const double one[] = {1, 2, 4, 9}, flat[] = {.1, 1, .1, 2, .1, 4, .1, 9}, dots[] = {.1, .7, .1, .7, .1, .7};
	static const double single[] = {3, 1, 4};
	struct table t = table_of(4, 1, one);
	fit_near(t.share[0], 1, 1e-15);
	fit_near(t.axes[0] * t.p->sd[0], 1, 1e-15);
	assert_true(t.axes[1] == 0 && t.share[1] == 0);
	close_table(&t);
	t = table_of(4, 2, flat); /* a constant column says nothing */
	fit_near(t.share[0], 1, 1e-15);
	assert_true(t.axes[0] == 0 && t.axes[2] == 0 && t.axes[3] == 0 && t.share[1] == 0 && t.axes[1] > 0);
	close_table(&t);
	t = table_of(3, 2, dots);
	for (size_t i = 0; i < 4; i++)
		assert_true(t.axes[i] == 0 && t.at[i] == 0);
	close_table(&t);
	t = table_of(1, 3, single);
	assert_true(t.axes[0] == 0 && t.share[0] == 0);
	close_table(&t);
}

/* A wide table takes the iteration; its transpose-like check is the dense answer on the same columns, each once more. */
static void test_wide(void **state)
{
	(void)state;
	size_t rows = 30, few = 90, many = 180;
	double *x = draw(5, rows, few, 3), *wide = malloc(rows * many * sizeof *wide);
	for (size_t n = 0; n < rows; n++)
		for (size_t j = 0; j < many; j++)
			wide[n * many + j] = x[n * few + j / 2];
	struct table a = table_of(rows, few, x), b = table_of(rows, many, wide);
	fit_near(b.share[0], a.share[0], 1e-12);
	fit_near(b.share[1], a.share[1], 1e-12);
	check_coordinates(&b, many, 1e-5);
	check_directions(&b);
	for (size_t i = 0; i < 2 * rows; i++)
		fit_near(b.at[i], sqrt(2) * a.at[i], 1e-5);
	close_table(&a);
	close_table(&b);
	free(x);
	free(wide);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_columns),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_wide),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
