/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Mixtures of coins: Do and Batzoglou's figure, EM as it is defined, biases at the ends and sets without tosses. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mixed.h"

enum { PAD = 8 };

static const char *const column[] = {"heads", "tosses"};

/* bias[0] is the bias, bias[1] its complement. */
static double log_p(const struct mixed *m, const double *row, const double *bias)
{
	(void)m;
	double heads = row[0], tails = row[1] - row[0];
	return (heads > 0 ? heads * log(bias[0]) : 0) + (tails > 0 ? tails * log(bias[1]) : 0);
}

static void maximize(const struct mixed *m, const double *weight, double *bias)
{
	double heads = 0, tails = 0;
	for (size_t n = 0; n < m->rows; n++) {
		heads += weight[n] * m->x[2 * n];
		tails += weight[n] * (m->x[2 * n + 1] - m->x[2 * n]);
	}
	if (heads + tails > 0) {
		bias[0] = heads / (heads + tails);
		bias[1] = tails / (heads + tails);
	}
}

static double tails_of(const struct em_snapshot *s, size_t k, size_t j)
{
	const struct em_array *bias = s->problem->layout.theta + 1;
	return s->theta[bias->offset + (s->problem->layout.theta_size - bias->offset) / 2 + k + j];
}

static struct mixed of(size_t rows, const double *x)
{
	return (struct mixed){.model = "coins", .array = "bias", .rows = rows, .columns = 2, .width = 1, .column = column, .x = x,
	                      .log_p = log_p, .maximize = maximize, .hidden = tails_of};
}

/* ---- Do and Batzoglou (2008) ---- */

static const double tosses[] = {5, 10, 9, 10, 8, 10, 4, 10, 7, 10};

static void open_fixed(struct fit *f, double a, double b)
{
	struct mixed m = of(5, tosses);
	double theta[3 * PAD] = {.5, .5, [PAD] = a, b};
	fit_open(f, "coins", NULL, mixed_table(&m), theta, "components", "2", "weights_update", "fixed", NULL);
}

static void test_published(void **state)
{
	(void)state;
	static const double q[] = {.4491, .8050, .7335, .3522, .6472};
	static const double sums[2][2] = {{21.30, 8.57}, {11.70, 8.43}};
	struct fit f;
	open_fixed(&f, .6, .5);
	fit_near(fit_entry(&f)->log_evidence, -33.093863, 5e-7);
	fit_step(&f, EM_PHASE);
	const struct em_snapshot *s = fit_look(&f);
	for (size_t n = 0; n < 5; n++)
		fit_near(fit_q(s, "responsibilities", n, 0), q[n], 5.1e-5);
	for (size_t k = 0; k < 2; k++)
		for (unsigned a = 0; a < 2; a++)
			fit_near(s->stats[s->problem->layout.stats[1 + a].offset + k], sums[k][a], 5.1e-3);
	em_snapshot_release(s);
	for (int i = 1; i <= 60; i++) {
		fit_step(&f, i == 1 ? EM_PHASE : EM_ITERATION);
		s = fit_look(&f);
		if (i == 1 || i == 10) {
			fit_near(fit_theta(s, "bias", 0, 0), i == 1 ? .7130 : .7967, 5.1e-5);
			fit_near(fit_theta(s, "bias", 1, 0), i == 1 ? .5813 : .5197, 5.1e-5);
		}
		assert_true(fit_theta(s, "weights", 0, 0) == .5);
		if (i == 60) {
			fit_near(fit_theta(s, "bias", 0, 0), .796789066923, 5e-12);
			fit_near(fit_theta(s, "bias", 1, 0), .519583120145, 5e-12);
		}
		em_snapshot_release(s);
	}
	fit_near(fit_entry(&f)->log_evidence, -31.570200, 5e-7);
	fit_close(&f);
}

/* The energy falls from M-step to M-step while log p rises. */
static void test_q_falls(void **state)
{
	(void)state;
	static const double log_want[] = {-40.98656, -31.84048, -31.61712}, q_want[] = {-33.16634, -33.20181, -33.26062};
	struct fit f;
	open_fixed(&f, .9, .1);
	double log_before = fit_entry(&f)->log_evidence, q_before = NAN;
	fit_near(log_before, log_want[0], 5.1e-6);
	for (int i = 0; i < 3; i++) {
		fit_step(&f, EM_ITERATION);
		const struct em_entry *e = fit_entry(&f);
		if (i < 2)
			fit_near(e->log_evidence, log_want[i + 1], 5.1e-6);
		fit_near(e->energy, q_want[i], 5.1e-6);
		assert_true(e->log_evidence > log_before && !(e->energy >= q_before));
		log_before = e->log_evidence;
		q_before = e->energy;
	}
	fit_close(&f);
}

/* ---- EM as it is defined ---- */

/* Sets of two biases, every fourth without a toss. */
static void draw(uint64_t seed, size_t rows, size_t most, double *x)
{
	for (size_t n = 0; n < rows; n++) {
		double bias = small_next(&seed) % 2 ? .8 : .3;
		x[2 * n] = 0;
		x[2 * n + 1] = n % 4 == 2 ? 0 : (double)(1 + small_next(&seed) % most);
		for (double i = 0; i < x[2 * n + 1]; i++)
			x[2 * n] += small_uniform(&seed) < bias;
	}
}

static void test_plain(void **state)
{
	(void)state;
	static const char *const ks[] = {"2", "1", "3", "9"};
	static const size_t most[] = {3, 20, 400};
	for (uint64_t seed = 1; seed <= (fit_brief() ? 3 : 24); seed++) {
		double x[2 * 40];
		size_t rows = 1 + seed % 40;
		draw(seed, rows, most[seed % 3], x);
		struct mixed m = of(rows, x);
		mixed_check_plain(&m, ks[seed % 4], "3", 12);
		mixed_check_entries(&m, ks[seed % 4], "5");
	}
}

static void test_machine(void **state)
{
	(void)state;
	double x[2 * 40];
	draw(9, 40, 30, x);
	struct mixed m = of(40, x);
	mixed_check_machine(&m, "3");
}

/* ---- the edges ---- */

static void test_alike(void **state)
{
	(void)state;
	static const double row[] = {7, 10}, heads[] = {5, 5, 3, 3}, same[] = {5, 8, 5, 8, 5, 8}, parted[] = {0, 90, 70, 70, 0, 0};
	struct mixed cases[] = {of(1, row), of(2, heads), of(3, same), of(3, parted)};
	static const char *const ks[] = {"1", "2", "5"};
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
		for (size_t k = 0; k < 3; k++) {
			mixed_check_plain(&cases[c], ks[k], "1", 12);
			mixed_check_entries(&cases[c], ks[k], "2");
		}
}

/* A set without tosses says nothing: its posterior are the weights, and its log p is 0. */
static void test_no_tosses(void **state)
{
	(void)state;
	static const double x[] = {0, 0, 3, 4, 1, 6};
	struct mixed m = of(3, x);
	double theta[3 * PAD] = {.3, .7, [PAD] = .6, .2};
	struct fit f;
	mixed_open(&f, &m, "2", "1", "1", theta);
	fit_step(&f, EM_PHASE);
	const struct em_snapshot *s = fit_look(&f);
	fit_near(fit_q(s, "responsibilities", 0, 0), .3, 1e-15);
	fit_near(s->obs[0].log_evidence, 0, 1e-15);
	em_snapshot_release(s);
	fit_close(&f);
}

static void test_ends(void **state)
{
	(void)state;
	static const double x[] = {4, 4, 0, 6, 3, 5, 1000, 1000};
	static const double biases[][2] = {{1, .5}, {0, .5}, {1e-300, .9}, {1e-17, 1 - 1e-16}, {5e-324, .5}};
	struct mixed m = of(4, x), ends = of(2, x);
	for (size_t c = 0; c < sizeof biases / sizeof biases[0]; c++) {
		double theta[3 * PAD] = {.5, .5, [PAD] = biases[c][0], biases[c][1]};
		struct fit f;
		mixed_open(&f, &m, "2", "1", "1", theta);
		for (int i = 0; i < 60; i++)
			fit_step(&f, i % 7 == 6 ? EM_UNIT : EM_PHASE);
		assert_true(isfinite(fit_entry(&f)->elbo) && isfinite(fit_entry(&f)->log_evidence));
		fit_close(&f);
	}
	double theta[3 * PAD] = {.5, .5, [PAD] = 1, 0};
	struct fit f;
	mixed_open(&f, &ends, "2", "1", "1", theta); /* one coin for heads alone, one for tails: at the maximum from the start */
	for (int i = 0; i < 9; i++) {
		fit_step(&f, EM_PHASE);
		fit_near(fit_entry(&f)->elbo, 2 * log(.5), 1e-15);
	}
	const struct em_snapshot *s = fit_look(&f);
	assert_true(fit_theta(s, "bias", 0, 0) == 1 && fit_theta(s, "bias", 1, 0) == 0);
	assert_true(fit_q(s, "responsibilities", 0, 0) == 1 && fit_q(s, "responsibilities", 1, 0) == 0);
	em_snapshot_release(s);
	fit_close(&f);
	mixed_refuse(&m, "2", theta, "set 3 has 3 heads and 2 tails, which no coin can give");
}

static void test_refusals(void **state)
{
	(void)state;
	static const double more[] = {1, 2, 5, 4}, half[] = {1.5, 2, 1, 4}, negative[] = {-1, 2, 1, 4}, none[] = {0, 0, 0, 0};
	struct mixed m = of(2, more);
	mixed_refuse(&m, "2", NULL, "row 2: 5 heads of 4 tosses; give whole numbers, no more heads than tosses");
	m = of(2, half);
	mixed_refuse(&m, "2", NULL, "row 1: 1.5 heads of 2 tosses");
	m = of(2, negative);
	mixed_refuse(&m, "2", NULL, "row 1: -1 heads of 2 tosses");
	m = of(2, none);
	mixed_refuse(&m, "2", NULL, "no coin was tossed");
	m = of(2, more);
	m.columns = 1;
	mixed_refuse(&m, "2", NULL, "coins take two columns, heads and tosses; the table has 1");
	m = of(5, tosses);
	static const double outside[3 * PAD] = {.5, .5, [PAD] = .5, 1.5}, lost[3 * PAD] = {.5, .5, [PAD] = NAN, .5};
	mixed_refuse(&m, "2", outside, "bias[2] is 1.5; a probability is from 0 to 1");
	mixed_refuse(&m, "2", lost, "bias[1] is nan");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published), cmocka_unit_test(test_q_falls), cmocka_unit_test(test_plain),
		cmocka_unit_test(test_machine),   cmocka_unit_test(test_alike),   cmocka_unit_test(test_no_tosses),
		cmocka_unit_test(test_ends),      cmocka_unit_test(test_refusals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
