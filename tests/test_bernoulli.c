/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Mixtures of Bernoullis: EM as it is defined, probabilities at and near the ends, and three digits that are found. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/digits.h"
#include "mixed.h"

enum { PAD = 8 };

static const char *const column[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"};

static double log_p(const struct mixed *m, const double *row, const double *mu)
{
	double sum = 0;
	for (size_t j = 0; j < m->columns; j++)
		sum += log(mu[row[j] > 0 ? j : m->columns + j]);
	return sum;
}

static void maximize(const struct mixed *m, const double *weight, double *mu)
{
	double all = 0;
	for (size_t n = 0; n < m->rows; n++)
		all += weight[n];
	for (size_t j = 0; j < m->columns && all > 0; j++) {
		mu[j] = mu[m->columns + j] = 0;
		for (size_t n = 0; n < m->rows; n++)
			mu[m->x[n * m->columns + j] > 0 ? j : m->columns + j] += weight[n] / all;
	}
}

/* 1 - mu, which near 0 is more than mu has digits for. */
static double complement(const struct em_snapshot *s, size_t k, size_t j)
{
	const struct em_array *a = s->problem->layout.theta + 1;
	return s->theta[a->offset + a->dim[1] * a->stride[1] + k * a->stride[0] + j * a->stride[1]];
}

static struct mixed of(size_t rows, size_t columns, const double *x)
{
	return (struct mixed){.model = "bernoulli", .array = "probabilities", .rows = rows, .columns = columns, .width = columns,
	                      .column = column, .x = x, .log_p = log_p, .maximize = maximize,
	                      .hidden = complement};
}

/* Rows near three patterns. */
static void draw(uint64_t seed, size_t rows, size_t columns, double noise, double *x)
{
	for (size_t n = 0; n < rows; n++) {
		size_t which = small_next(&seed) % 3;
		for (size_t j = 0; j < columns; j++) {
			bool on = (j + which) % 3 == 0 || (which == 2 && j < 4);
			x[n * columns + j] = small_uniform(&seed) < noise ? !on : on;
		}
	}
}

static void test_plain(void **state)
{
	(void)state;
	static const char *const ks[] = {"2", "1", "3", "9"};
	for (uint64_t seed = 1; seed <= (fit_brief() ? 3 : 24); seed++) {
		double x[40 * 11];
		size_t rows = 3 + seed % 38, columns = 1 + seed % 11;
		draw(seed, rows, columns, .25, x);
		struct mixed m = of(rows, columns, x);
		mixed_check_plain(&m, ks[seed % 4], "3", 12);
		mixed_check_entries(&m, ks[seed % 4], "5");
	}
}

static void test_machine(void **state)
{
	(void)state;
	double x[60 * 11];
	draw(7, 60, 11, .2, x);
	struct mixed m = of(60, 11, x);
	mixed_check_machine(&m, "3");
	mixed_check_machine(&m, "10");
}

static void test_alike(void **state)
{
	(void)state;
	static const double row[] = {1, 0, 1}, same[] = {0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1}, two[] = {0, 0, 0, 1, 1, 1};
	struct mixed cases[] = {of(1, 3, row), of(4, 3, same), of(2, 3, two), of(1, 1, row), of(3, 1, same)};
	static const char *const ks[] = {"1", "2", "5"};
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
		for (size_t k = 0; k < 3; k++) {
			mixed_check_plain(&cases[c], ks[k], "1", 10);
			mixed_check_entries(&cases[c], ks[k], "2");
		}
}

/* Components that come to own their rows: every probability goes to 0 or 1, over responsibilities of 1e-20 and less. */
static void test_ends(void **state)
{
	(void)state;
	double x[40 * 11];
	draw(3, 40, 11, 0, x);
	struct mixed m = of(40, 11, x);
	struct fit f;
	double before = -INFINITY, counts[3] = {0}, want = 0;
	for (size_t n = 0; n < 40; n++)
		counts[x[n * 11] > 0 && x[n * 11 + 1] > 0 ? 2 : x[n * 11] > 0 ? 0 : 1]++;
	for (int i = 0; i < 3; i++)
		want += counts[i] * log(counts[i] / 40);
	mixed_open(&f, &m, "3", "1", "1", NULL);
	for (int i = 0; i < 200; i++) {
		fit_step(&f, i % 11 == 10 ? EM_UNIT : EM_PHASE);
		assert_true(isfinite(fit_entry(&f)->elbo) && fit_entry(&f)->elbo >= before - 1e-9);
		before = fit_entry(&f)->elbo;
	}
	fit_near(fit_entry(&f)->log_evidence, want, 1e-9);
	fit_close(&f);
}

/* Given exactly at the ends: rows go where they are possible. */
static void test_given(void **state)
{
	(void)state;
	static const double x[] = {1, 0, 0, 1, 1, 1, 0, 1};
	struct mixed m = of(4, 2, x);
	/* weights, then column a of both components, column b, and room for what the model keeps beside them */
	double theta[5 * PAD] = {.5, .5, [PAD] = 1, .5, [2 * PAD] = 0, .5};
	struct fit f;
	mixed_open(&f, &m, "2", "1", "1", theta);
	fit_step(&f, EM_PHASE);
	const struct em_snapshot *s = fit_look(&f);
	fit_near(fit_q(s, "responsibilities", 0, 0), .8, 1e-15);
	assert_true(fit_q(s, "responsibilities", 1, 0) == 0 && fit_q(s, "responsibilities", 2, 0) == 0);
	fit_near(s->ledger[s->position].log_evidence, log(.625) + 3 * log(.125), 1e-14);
	em_snapshot_release(s);
	for (int i = 0; i < 20; i++)
		fit_step(&f, EM_PHASE);
	s = fit_look(&f);
	assert_true(fit_theta(s, "probabilities", 0, 0) == 1 && fit_theta(s, "probabilities", 0, 1) == 0);
	em_snapshot_release(s);
	fit_close(&f);
	theta[PAD + 1] = 1;
	mixed_refuse(&m, "2", theta, "row 2 is possible under no component");
	theta[2 * PAD + 1] = 1.5;
	mixed_refuse(&m, "2", theta, "probabilities[2][2] (column b) is 1.5; a probability is from 0 to 1");
	theta[2 * PAD + 1] = NAN;
	mixed_refuse(&m, "2", theta, "is nan");
}

static void test_refusals(void **state)
{
	(void)state;
	static const double x[] = {1, 0, 0, 2}, y[] = {1, -1, 0, 0}, z[] = {.5, 0, 0, 0};
	struct mixed m = of(2, 2, x);
	mixed_refuse(&m, "2", NULL, "row 2, column b: 2; a cell is 0 or 1");
	m = of(2, 2, y);
	mixed_refuse(&m, "2", NULL, "row 1, column b: -1");
	m = of(2, 2, z);
	mixed_refuse(&m, "2", NULL, "row 1, column a: 0.5");
}

/* ---- the digits ---- */

/* How many images are in a component that is mostly their digit. */
static size_t pure(const struct em_snapshot *s)
{
	size_t in[MIXED_K][3] = {{0}}, sum = 0;
	for (size_t n = 0; n < s->problem->layout.observations; n++) {
		size_t best = 0;
		for (size_t k = 1; k < s->problem->layout.components; k++)
			if (fit_q(s, "responsibilities", n, k) > fit_q(s, "responsibilities", n, best))
				best = k;
		in[best][n % 3]++;
	}
	for (size_t k = 0; k < s->problem->layout.components; k++) {
		size_t a = in[k][0], b = in[k][1], c = in[k][2];
		sum += a > b && a > c ? a : b > c ? b : c;
	}
	return sum;
}

/* Three images in 64 columns, one pixel in ten flipped: the best of a few starts tells them all apart. */
static void test_images(void **state)
{
	(void)state;
	static const char *const image[3][8] = {
		{"..####..", ".#....#.", "......#.", ".....#..", "...##...", "..#.....", ".######.", "........"},
		{".#####..", "......#.", ".....#..", "...##...", "......#.", ".#....#.", "..####..", "........"},
		{".#...#..", ".#...#..", ".#...#..", ".######.", ".....#..", ".....#..", ".....#..", "........"},
	};
	static const char *const seeds[] = {"1", "2", "3", "4"};
	static double x[90 * 64];
	static const char *name[64];
	struct mixed m = of(90, 64, x);
	double best = -INFINITY;
	size_t right = 0;
	uint64_t rng = 5;
	for (size_t i = 0; i < 64; i++)
		name[i] = "pixel";
	for (size_t i = 0; i < 90 * 64; i++) {
		bool on = image[i / 64 % 3][i % 64 / 8][i % 8] == '#';
		x[i] = small_uniform(&rng) < .1 ? !on : on;
	}
	m.column = name;
	for (size_t i = 0; i < 4; i++) {
		struct fit f;
		mixed_open(&f, &m, "3", seeds[i], "1", NULL);
		for (int j = 0; j < 40; j++)
			fit_step(&f, EM_PHASE);
		const struct em_snapshot *s = fit_look(&f);
		if (fit_entry(&f)->log_evidence > best)
			right = pure(s);
		best = fmax(best, fit_entry(&f)->log_evidence);
		em_snapshot_release(s);
		fit_close(&f);
	}
	assert_int_equal(right, 90);
}

/* Three components find the three digits from any seed. */
static void test_digits(void **state)
{
	(void)state;
	static const char *const seeds[] = {"1", "2", "3", "4", "5", "6", "7", "8"};
	size_t all = 0, count = fit_brief() ? 1 : 8;
	for (size_t i = 0; i < count; i++) {
		struct em_err err = {0};
		struct em_data *d = NULL;
		struct fit f;
		assert_int_equal(digits_make(i + 1, &d, &err), EM_OK);
		fit_open(&f, "bernoulli", NULL, d, NULL, "components", "3", "seed", seeds[i], NULL);
		for (int j = 0; j < 40; j++)
			fit_step(&f, EM_PHASE);
		const struct em_snapshot *s = fit_look(&f);
		all += pure(s);
		em_snapshot_release(s);
		fit_close(&f);
	}
	assert_int_equal(all, 150 * count);
}

/* Sums over many columns keep the digits that the engine's checks ask for. */
static void test_wide(void **state)
{
	(void)state;
	enum { ROWS = 12 };
	size_t columns = fit_brief() ? 500 : 20000;
	double *x = calloc(ROWS * columns, sizeof *x);
	const char **name = calloc(columns, sizeof *name);
	uint64_t rng = 3;
	struct em_points *points = NULL;
	struct em_data *data = NULL;
	struct fit f;
	struct em_err err = {0};
	for (size_t i = 0; i < ROWS * columns; i++)
		x[i] = small_uniform(&rng) < 0.5;
	for (size_t j = 0; j < columns; j++)
		name[j] = "c";
	assert_int_equal(em_points_from(ROWS, columns, name, x, &points, &err), EM_OK);
	assert_int_equal(em_data_of("wide", NULL, points, NULL, &data, &err), EM_OK);
	fit_open(&f, "bernoulli", NULL, data, NULL, "components", "2", NULL);
	for (int i = 0; i < 12; i++)
		fit_step(&f, EM_PHASE); /* a breach fails the test */
	fit_close(&f);
	free(x);
	free(name);
}

static void test_look(void **state)
{
	(void)state;
	double x[40 * 11];
	draw(3, 40, 11, .2, x);
	struct mixed m = of(40, 11, x);
	struct fit f;
	struct em_item item[12];
	char text[600];
	mixed_open(&f, &m, "2", "1", "1", NULL);
	for (int i = 0; i < 6; i++)
		fit_step(&f, EM_PHASE);
	const struct em_snapshot *s = fit_look(&f);
	const struct em_model *model = s->problem->model;
	assert_int_equal(model->describe(s->problem, s->theta, 1, item, 0), 0);
	assert_int_equal(model->describe(s->problem, s->theta, 1, item, 12), 11);
	for (size_t i = 0; i < 11; i++) {
		assert_true(i == 0 || item[i].weight <= item[i - 1].weight);
		assert_true(item[i].weight == fit_theta(s, "probabilities", 1, item[i].id));
		assert_string_equal(item[i].label, column[item[i].id]);
	}
	struct em_item top[3];
	assert_int_equal(model->describe(s->problem, s->theta, 1, top, 3), 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(top[i].id, item[i].id);
	model->explain(s->problem, s->ledger + s->position - 1, s->ledger + s->position, text, sizeof text);
	assert_non_null(strstr(text, "M-step 3"));
	em_snapshot_release(s);
	fit_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),    cmocka_unit_test(test_machine),  cmocka_unit_test(test_alike),
		cmocka_unit_test(test_ends),     cmocka_unit_test(test_given),    cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_images),   cmocka_unit_test(test_digits),   cmocka_unit_test(test_wide), cmocka_unit_test(test_look),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
