/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Mixtures of Poissons: Hasselblad's death notices, EM as it is defined, and counts from 0 to 1e15. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mixed.h"

static const char *const both[] = {"count", "frequency"}, *const turned[] = {"frequency", "count"}, *const one[] = {"deaths"};

static double log_p(const struct mixed *m, const double *row, const double *rate)
{
	int sign;
	double x = row[m->columns == 2 && m->column == turned ? 1 : 0];
	if (!(x > 0))
		return -*rate;
	return *rate > 0 ? x * log(*rate) - *rate - lgamma_r(x + 1, &sign) : -INFINITY;
}

static void maximize(const struct mixed *m, const double *weight, double *rate)
{
	double sum = 0, all = 0;
	for (size_t n = 0; n < m->rows; n++) {
		sum += weight[n] * m->x[n * m->columns + (m->column == turned ? 1 : 0)];
		all += weight[n];
	}
	if (all > 0)
		*rate = sum / all;
}

static double first(const double *row)
{
	return row[0];
}

static double second(const double *row)
{
	return row[1];
}

static struct mixed of_two(size_t rows, const double *x)
{
	return (struct mixed){.model = "poisson", .array = "rates", .rows = rows, .columns = 2, .width = 1, .column = both, .x = x,
	                      .log_p = log_p, .maximize = maximize, .times = second};
}

static struct mixed of_one(size_t rows, const double *x)
{
	return (struct mixed){.model = "poisson", .array = "rates", .rows = rows, .columns = 1, .width = 1, .column = one, .x = x,
	                      .log_p = log_p, .maximize = maximize};
}

/* ---- Hasselblad (1969) ---- */

static const double deaths[] = {0, 162, 1, 267, 2, 271, 3, 185, 4, 111, 5, 61, 6, 27, 7, 8, 8, 3, 9, 1};

enum { PAD = 8 };

static void test_published(void **state)
{
	(void)state;
	struct mixed m = of_two(10, deaths);
	struct fit f;
	double theta[2 * PAD] = {.4, .6, 0, 0, 0, 0, 0, 0, 1, 2};
	int steps = fit_brief() ? 50 : 5000;
	mixed_open(&f, &m, "2", "1", "1", theta);
	for (int i = 0; i < steps; i++)
		fit_step(&f, EM_ITERATION);
	const struct em_snapshot *s = fit_look(&f);
	fit_near(s->ledger[s->position].log_evidence, -1989.945860, fit_brief() ? 1 : 5e-7);
	if (!fit_brief()) {
		fit_near(fit_theta(s, "weights", 0, 0), .359884, 5e-6);
		fit_near(fit_theta(s, "weights", 1, 0), .640116, 5e-6);
		fit_near(fit_theta(s, "rates", 0, 0), 1.256093, 5e-6);
		fit_near(fit_theta(s, "rates", 1, 0), 2.663403, 5e-6);
	}
	em_snapshot_release(s);
	fit_close(&f);
}

/* The energy falls from M-step to M-step while log p rises. */
static void test_q_falls(void **state)
{
	(void)state;
	struct mixed m = of_two(10, deaths);
	struct fit f;
	double theta[2 * PAD] = {.9, .1, 0, 0, 0, 0, 0, 0, 1.8, 6}, before = NAN, log_before = -INFINITY;
	int falls = 0, steps = fit_brief() ? 40 : 400;
	mixed_open(&f, &m, "2", "1", "1", theta);
	for (int i = 0; i < steps; i++) {
		fit_step(&f, EM_ITERATION);
		falls += fit_entry(&f)->energy < before;
		assert_true(fit_entry(&f)->log_evidence >= log_before - 1e-9);
		before = fit_entry(&f)->energy;
		log_before = fit_entry(&f)->log_evidence;
	}
	if (!fit_brief())
		assert_int_equal(falls, 349);
	fit_close(&f);
}

/* ---- EM as it is defined ---- */

/* Counts of two rates, some of them 0 times. */
static void draw(uint64_t seed, size_t rows, double spread, double *x)
{
	for (size_t n = 0; n < rows; n++) {
		x[2 * n] = floor(spread * small_uniform(&seed) * (small_next(&seed) % 2 ? 1 : .2));
		x[2 * n + 1] = (double)(small_next(&seed) % 4);
	}
	x[1] = 1;
}

static void test_plain(void **state)
{
	(void)state;
	static const char *const ks[] = {"2", "1", "3", "9"};
	static const double spreads[] = {6, 40, 1000};
	for (uint64_t seed = 1; seed <= (fit_brief() ? 3 : 24); seed++) {
		double x[2 * 40];
		size_t rows = 3 + seed % 38;
		draw(seed, rows, spreads[seed % 3], x);
		struct mixed m = of_two(rows, x);
		mixed_check_plain(&m, ks[seed % 4], "3", 12);
		mixed_check_entries(&m, ks[seed % 4], "5");
		m = of_one(2 * rows, x);
		mixed_check_plain(&m, ks[seed % 4], "3", 10);
		m = of_two(rows, x);
		m.column = turned;
		m.times = first;
		double sum = 0;
		for (size_t n = 0; n < rows; n++)
			sum += x[2 * n];
		if (sum > 0)
			mixed_check_entries(&m, ks[seed % 4], "5");
	}
}

static void test_machine(void **state)
{
	(void)state;
	double x[2 * 40];
	draw(9, 40, 30, x);
	struct mixed m = of_two(40, x);
	mixed_check_machine(&m, "3");
	m = of_one(80, x);
	mixed_check_machine(&m, "2");
}

/* ---- the edges ---- */

static void test_alike(void **state)
{
	(void)state;
	static const double row[] = {7}, zeros[] = {0, 0, 0, 0}, few[] = {3, 9}, same[] = {5, 5, 5, 5, 5, 5};
	struct mixed cases[] = {of_one(1, row), of_one(4, zeros), of_one(2, few), of_one(6, same), of_one(1, zeros)};
	static const char *const ks[] = {"1", "2", "5"};
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
		for (size_t k = 0; k < 3; k++) {
			mixed_check_plain(&cases[c], ks[k], "1", 10);
			mixed_check_entries(&cases[c], ks[k], "2");
		}
}

static void test_zero_rates(void **state)
{
	(void)state;
	static const double x[] = {0, 30, 1, 2, 0, 0, 8, 5};
	static const struct {
		double weight, rates[2];
	} cases[] = {
		{.5, {0, 3}}, {0, {2, 3}}, {.5, {1e-300, 4}}, {.3, {1e-310, 5e-324}}, {1, {2, 0}}, {.5, {1e15, 1}}, {.999, {0, 1e-9}},
	};
	struct mixed m = of_two(4, x), none = of_two(1, x);
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		double theta[2 * PAD] = {cases[c].weight, 1 - cases[c].weight};
		struct fit f;
		memcpy(theta + PAD, cases[c].rates, sizeof cases[c].rates);
		mixed_open(&f, &m, "2", "1", "1", theta);
		for (int i = 0; i < 60; i++)
			fit_step(&f, i % 7 == 6 ? EM_UNIT : EM_PHASE);
		assert_true(isfinite(fit_entry(&f)->elbo) && isfinite(fit_entry(&f)->log_evidence));
		if (c == 0) { /* the rate 0 stays, with zeros alone: the inflated Poisson */
			const struct em_snapshot *s = fit_look(&f);
			assert_true(fit_theta(s, "rates", 0, 0) == 0);
			assert_true(fit_q(s, "responsibilities", 0, 0) > .5 && fit_q(s, "responsibilities", 1, 0) == 0);
			em_snapshot_release(s);
		}
		fit_close(&f);
		mixed_open(&f, &none, "2", "1", "1", theta); /* zeros only: every rate goes to 0 */
		for (int i = 0; i < 8; i++)
			fit_step(&f, EM_PHASE);
		fit_near(fit_entry(&f)->log_evidence, 0, 1e-12);
		fit_close(&f);
	}
}

/* Far out nothing is lost: log p of x and of its neighbours, against sums of logs. */
static void test_density(void **state)
{
	(void)state;
	static const double counts[] = {1, 2, 15, 16, 17, 30, 100, 1000, 2000};
	static const double rates[] = {1e-3, .5, 3, 14.5, 16, 33, 101, 950, 2500, 1e6};
	for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
		for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
			struct mixed m = of_one(1, counts + c);
			struct fit f;
			double theta[2 * PAD] = {[0] = 1, [PAD] = rates[r]};
			long double want = -(long double)rates[r];
			for (double i = 1; i <= counts[c]; i++)
				want += logl((long double)rates[r] / (long double)i);
			mixed_open(&f, &m, "1", "1", "1", theta);
			fit_near(fit_entry(&f)->log_evidence, (double)want, 4e-14 * (1 + fabs((double)want)));
			fit_close(&f);
		}
}

/* At the rate x the density is 1 / sqrt(2 pi x), nearly; and two groups far apart or near one another part. */
static void test_large(void **state)
{
	(void)state;
	static const double size[] = {1e3, 1e6, 1e9, 1e12, 9e14};
	for (size_t c = 0; c < 5; c++)
		for (int near = 0; near < 2; near++) {
			double x[6], a = size[c], b = near ? a + 9 * floor(sqrt(a)) : floor(a / 3);
			for (int i = 0; i < 6; i++)
				x[i] = (i < 3 ? a : b) + (i % 3 - 1) * floor(sqrt(a) / 4);
			struct mixed m = of_one(6, x);
			struct fit f;
			mixed_open(&f, &m, "2", "2", "1", NULL);
			for (int i = 0; i < 40; i++)
				fit_step(&f, i % 9 == 8 ? EM_UNIT : EM_PHASE);
			const struct em_snapshot *s = fit_look(&f);
			double r0 = fit_theta(s, "rates", 0, 0), r1 = fit_theta(s, "rates", 1, 0);
			fit_near(fmax(r0, r1), fmax(a, b), .1 * sqrt(a));
			fit_near(fmin(r0, r1), fmin(a, b), .1 * sqrt(a));
			em_snapshot_release(s);
			fit_close(&f);
			m = of_one(1, x + 1);
			mixed_open(&f, &m, "1", "1", "1", NULL);
			fit_step(&f, EM_ITERATION);
			fit_near(fit_entry(&f)->log_evidence, -.5 * log(6.283185307179586 * a) - 1 / (12 * a), 1e-11);
			fit_close(&f);
		}
}

static void test_refusals(void **state)
{
	(void)state;
	static const double half[] = {1, 1, 2.5, 1}, negative[] = {1, -1, 2, 1}, none[] = {1, 0, 2, 0}, huge[] = {1, 1, 2e15, 1};
	static const char *const other[] = {"deaths", "frequency"};
	struct mixed m = of_two(2, half);
	mixed_refuse(&m, "2", NULL, "row 2, column count: 2.5; a count is a whole number from 0");
	m = of_two(2, negative);
	mixed_refuse(&m, "2", NULL, "row 1, column frequency: -1; a frequency is a whole number from 0");
	m = of_two(2, huge);
	mixed_refuse(&m, "2", NULL, "row 2, column count: 2000000000000000; a count is a whole number from 0 to 1e15");
	m = of_two(2, none);
	mixed_refuse(&m, "2", NULL, "every frequency is 0");
	m = of_one(4, half);
	mixed_refuse(&m, "2", NULL, "row 3, column deaths: 2.5");
	m = of_two(10, deaths);
	static const double below[2 * PAD] = {.5, .5, [PAD] = 1, -1}, lost[2 * PAD] = {.5, .5, [PAD] = NAN, 1};
	static const double zero[2 * PAD] = {1, 0, [PAD] = 0, 1}, heavy[2 * PAD] = {.5, .6, [PAD] = 1, 2};
	mixed_refuse(&m, "2", below, "rates[2] is -1; a rate is from 0");
	mixed_refuse(&m, "2", lost, "rates[1] is nan");
	mixed_refuse(&m, "2", zero, "row 2 has the count 1, which a rate of 0 cannot give");
	mixed_refuse(&m, "2", heavy, "the weights sum to 1.1");
	m.column = other;
	mixed_refuse(&m, "2", NULL, "of the 2 columns none is named count");
}

static void test_look(void **state)
{
	(void)state;
	struct mixed m = of_two(10, deaths);
	struct fit f;
	struct em_item item;
	char text[600];
	mixed_open(&f, &m, "2", "1", "1", NULL);
	for (int i = 0; i < 4; i++)
		fit_step(&f, EM_PHASE);
	const struct em_snapshot *s = fit_look(&f);
	const struct em_model *model = s->problem->model;
	assert_int_equal(model->describe(s->problem, s->theta, 1, &item, 1), 1);
	assert_true(item.weight == fit_theta(s, "rates", 1, 0));
	fit_near(s->mass[0] + s->mass[1], 1096, 1e-9);
	model->explain(s->problem, s->ledger + s->position - 1, s->ledger + s->position, text, sizeof text);
	assert_non_null(strstr(text, "M-step 2"));
	assert_non_null(strstr(model->equation(s->problem, true), "f_n"));
	em_snapshot_release(s);
	fit_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published), cmocka_unit_test(test_q_falls), cmocka_unit_test(test_plain),
		cmocka_unit_test(test_machine),   cmocka_unit_test(test_alike),   cmocka_unit_test(test_zero_rates),
		cmocka_unit_test(test_density),   cmocka_unit_test(test_large),   cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_look),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
