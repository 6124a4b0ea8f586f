/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Coins: the numbers of Do and Batzoglou, EM as it is defined, coins that only give heads, sets without a toss. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mixed.h"

enum { PAD = 8 };

static const char *const both[] = {"heads", "tosses"}, *const turned[] = {"tosses", "heads"}, *const other[] = {"hits", "tries"};
static const char *const three[] = {"day", "tosses", "heads"};

static double toss(double n, double p)
{
	return n > 0 ? n * log(p) : 0;
}

static size_t heads_at(const struct mixed *m)
{
	return m->column == turned ? 1 : m->column == three ? 2 : 0;
}

static size_t tosses_at(const struct mixed *m)
{
	return m->column == turned ? 0 : 1;
}

/* parameters: bias, its complement. */
static double log_p(const struct mixed *m, const double *row, const double *bias)
{
	double h = row[heads_at(m)];
	return toss(h, bias[0]) + toss(row[tosses_at(m)] - h, bias[1]);
}

static void maximize(const struct mixed *m, const double *weight, double *bias)
{
	double heads = 0, tails = 0;
	for (size_t n = 0; n < m->rows; n++) {
		const double *row = m->x + n * m->columns;
		heads += weight[n] * row[heads_at(m)];
		tails += weight[n] * (row[tosses_at(m)] - row[heads_at(m)]);
	}
	if (!(heads + tails > 0))
		return;
	bias[0] = heads / (heads + tails);
	bias[1] = tails / (heads + tails);
}

/* 1 - bias, which near 0 is more than bias has digits for. */
static double complement(const struct em_snapshot *s, size_t k, size_t j)
{
	const struct em_array *a = s->problem->layout.theta + 1;
	(void)j;
	return s->theta[a->offset + PAD * ((s->problem->layout.components + PAD - 1) / PAD) + k];
}

static struct mixed of(size_t rows, const double *x)
{
	return (struct mixed){.model = "coins", .array = "bias", .rows = rows, .columns = 2, .width = 1, .column = both, .x = x,
	                      .log_p = log_p, .maximize = maximize, .hidden = complement};
}

/* ---- Do and Batzoglou (2008) ---- */

static const double paper[] = {5, 10, 9, 10, 8, 10, 4, 10, 7, 10};

static void open_paper(struct fit *f, const char *update, double a, double b)
{
	struct mixed m = of(5, paper);
	double theta[3 * PAD] = {.5, .5, [PAD] = a, b};
	fit_open(f, "coins", NULL, mixed_table(&m), theta, "components", "2", "weights_update", update, NULL);
}

static double stat(const struct em_snapshot *s, const char *name, size_t k)
{
	for (unsigned i = 0; i < s->problem->layout.stats_arrays; i++)
		if (strcmp(s->problem->layout.stats[i].name, name) == 0)
			return s->stats[s->problem->layout.stats[i].offset + k];
	fail_msg("no statistics %s", name);
	return NAN;
}

static void look_at(struct fit *f, double a, double b, double room)
{
	const struct em_snapshot *s = fit_look(f);
	fit_near(fit_theta(s, "bias", 0, 0), a, room);
	fit_near(fit_theta(s, "bias", 1, 0), b, room);
	em_snapshot_release(s);
}

static void test_published(void **state)
{
	(void)state;
	static const double q[] = {.4491, .8050, .7335, .3522, .6472};
	struct fit f;
	open_paper(&f, "fixed", .6, .5);
	fit_near(fit_entry(&f)->log_evidence, -33.093863, 5e-7);
	fit_step(&f, EM_PHASE);
	const struct em_snapshot *s = fit_look(&f);
	for (size_t n = 0; n < 5; n++)
		fit_near(fit_q(s, "responsibilities", n, 0), q[n], 5e-5);
	fit_near(stat(s, "heads", 0), 21.2975, 5e-5);
	fit_near(stat(s, "tails", 0), 8.5722, 5e-5);
	fit_near(stat(s, "heads", 1), 11.7025, 5e-5);
	fit_near(stat(s, "tails", 1), 8.4278, 5e-5);
	em_snapshot_release(s);
	fit_step(&f, EM_PHASE);
	look_at(&f, .713012, .581339, 5e-7);
	for (int i = 1; i < 10; i++)
		fit_step(&f, EM_ITERATION);
	look_at(&f, .796744, .519659, 5e-7);
	for (int i = 0; i < 40; i++)
		fit_step(&f, EM_ITERATION);
	look_at(&f, .796789066923, .519583120145, 5e-13);
	fit_near(fit_entry(&f)->log_evidence, -31.570200, 5e-7);
	s = fit_look(&f);
	assert_true(fit_theta(s, "weights", 0, 0) == .5);
	em_snapshot_release(s);
	fit_close(&f);
	open_paper(&f, "estimated", .6, .5);
	for (int i = 0; i < 200; i++)
		fit_step(&f, EM_ITERATION);
	look_at(&f, .793368, .513917, 5e-7);
	s = fit_look(&f);
	fit_near(fit_theta(s, "weights", 0, 0), .522751, 5e-7);
	em_snapshot_release(s);
	fit_near(fit_entry(&f)->log_evidence, -31.568695, 5e-7);
	fit_close(&f);
}

/* The energy falls from M-step to M-step while log p rises. */
static void test_q_falls(void **state)
{
	(void)state;
	static const double energy[] = {-33.16634, -33.20181, -33.26062}, want[] = {-31.84048, -31.61712};
	struct fit f;
	double before = INFINITY, log_before = -40.98656;
	open_paper(&f, "fixed", .9, .1);
	fit_near(fit_entry(&f)->log_evidence, log_before, 5e-6);
	for (int i = 0; i < 12; i++) {
		fit_step(&f, EM_ITERATION);
		const struct em_entry *e = fit_entry(&f);
		assert_true(e->energy < before && e->log_evidence > log_before);
		if (i < 3)
			fit_near(e->energy, energy[i], 5e-6);
		if (i < 2)
			fit_near(e->log_evidence, want[i], 5e-6);
		before = e->energy;
		log_before = e->log_evidence;
	}
	fit_close(&f);
}

/* ---- EM as it is defined ---- */

/* Sets of up to `most` tosses of two coins, some without any. */
static void draw(uint64_t seed, size_t rows, unsigned most, double *x)
{
	for (size_t n = 0; n < rows; n++) {
		double bias = small_next(&seed) % 2 ? .8 : .3;
		x[2 * n] = 0;
		x[2 * n + 1] = (double)(small_next(&seed) % (most + 1));
		for (double i = 0; i < x[2 * n + 1]; i++)
			x[2 * n] += small_uniform(&seed) < bias;
	}
	x[1] = fmax(x[1], 1);
}

static void test_plain(void **state)
{
	(void)state;
	static const char *const ks[] = {"2", "1", "3", "9"};
	static const unsigned most[] = {10, 3, 60};
	for (uint64_t seed = 1; seed <= (fit_brief() ? 3 : 24); seed++) {
		double x[2 * 40];
		draw(seed, 3 + seed % 38, most[seed % 3], x);
		struct mixed m = of(3 + seed % 38, x);
		mixed_check_plain(&m, ks[seed % 4], "3", 12);
		mixed_check_entries(&m, ks[seed % 4], "5");
	}
}

static void test_machine(void **state)
{
	(void)state;
	double x[2 * 70];
	draw(6, 70, 12, x);
	struct mixed m = of(70, x);
	mixed_check_machine(&m, "3");
	mixed_check_machine(&m, "10");
}

/* Columns by name wherever they are; without the names the first two. */
static void test_columns(void **state)
{
	(void)state;
	static const double swapped[] = {10, 5, 10, 9, 10, 8, 10, 4, 10, 7}, wide[] = {1, 10, 5, 2, 10, 9, 3, 10, 8, 4, 10, 4, 5, 10, 7};
	struct mixed cases[] = {of(5, paper), of(5, swapped), of(5, wide), of(5, paper)};
	double want = 0;
	cases[1].column = turned;
	cases[2].column = three;
	cases[2].columns = 3;
	cases[3].column = other;
	for (size_t c = 0; c < 4; c++) {
		double theta[3 * PAD] = {.5, .5, [PAD] = .6, .5};
		struct fit f;
		mixed_check_plain(&cases[c], "2", "1", 10);
		mixed_open(&f, &cases[c], "2", "1", "1", theta);
		for (int i = 0; i < 5; i++)
			fit_step(&f, EM_ITERATION);
		if (c == 0)
			want = fit_entry(&f)->log_evidence;
		assert_true(fit_entry(&f)->log_evidence == want);
		fit_close(&f);
	}
}

/* ---- the edges ---- */

static void test_alike(void **state)
{
	(void)state;
	static const double row[] = {3, 4}, heads[] = {4, 4, 4, 4, 1, 1}, tails[] = {0, 7, 0, 1}, same[] = {2, 5, 2, 5, 2, 5, 2, 5};
	static const double two[] = {0, 5, 5, 5}, gaps[] = {0, 0, 1, 2, 0, 0, 2, 2};
	struct mixed cases[] = {of(1, row), of(3, heads), of(2, tails), of(4, same), of(2, two), of(4, gaps)};
	static const char *const ks[] = {"1", "2", "5"};
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
		for (size_t k = 0; k < 3; k++) {
			mixed_check_plain(&cases[c], ks[k], "1", 10);
			mixed_check_entries(&cases[c], ks[k], "2");
		}
}

/* Coins of bias 0 or 1, and a hair from there, in front of sets that they can or cannot have given. */
static void test_ends(void **state)
{
	(void)state;
	static const double sets[] = {10, 10, 0, 10, 9, 10, 6, 10, 0, 0, 1, 1};
	static const struct {
		double weight, bias[2];
	} cases[] = {
		{.5, {0, .5}}, {.5, {1, .5}}, {.3, {1, 1e-300}}, {0, {1, .3}}, {1, {.2, 0}}, {.5, {1e-320, .9}}, {.5, {1 - 1e-16, .4}},
	};
	struct mixed m = of(6, sets);
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		double theta[3 * PAD] = {cases[c].weight, 1 - cases[c].weight, [PAD] = cases[c].bias[0], cases[c].bias[1]};
		double before = -INFINITY;
		struct fit f;
		mixed_open(&f, &m, "2", "1", "1", theta);
		for (int i = 0; i < 60; i++) {
			fit_step(&f, i % 7 == 6 ? EM_UNIT : EM_PHASE);
			assert_true(isfinite(fit_entry(&f)->elbo) && fit_entry(&f)->elbo >= before - 1e-9);
			before = fit_entry(&f)->elbo;
		}
		const struct em_snapshot *s = fit_look(&f);
		if (c == 0) { /* the coin that gives tails only stays so */
			assert_true(fit_theta(s, "bias", 0, 0) == 0 && complement(s, 0, 0) == 1);
			assert_true(fit_q(s, "responsibilities", 2, 0) == 0 && fit_q(s, "responsibilities", 1, 0) > .9);
		}
		if (cases[c].weight == 0) /* nothing is tossed with it: 0/0 leaves it as it is */
			assert_true(fit_theta(s, "bias", 0, 0) == cases[c].bias[0] && fit_theta(s, "weights", 0, 0) == 0);
		em_snapshot_release(s);
		fit_close(&f);
	}
}

/* Coins that part go to the ends over responsibilities of 1e-20 and less. */
static void test_far_apart(void **state)
{
	(void)state;
	static const double sets[] = {30, 30, 0, 30, 60, 60, 0, 60, 45, 45, 0, 33};
	struct mixed m = of(6, sets);
	double theta[3 * PAD] = {.5, .5, [PAD] = .8, .2}, before = -INFINITY;
	struct fit f;
	mixed_open(&f, &m, "2", "1", "1", theta);
	for (int i = 0; i < 60; i++) {
		fit_step(&f, EM_PHASE);
		assert_true(isfinite(fit_entry(&f)->elbo) && fit_entry(&f)->elbo >= before - 1e-9);
		before = fit_entry(&f)->elbo;
	}
	fit_near(fit_entry(&f)->log_evidence, 6 * log(.5), 1e-9); /* every set is sure, and its coin one of two */
	look_at(&f, 1, 0, 1e-12);
	fit_close(&f);
}

/* A set without a toss counts in the weights alone, and log p of it is 0. */
static void test_no_tosses(void **state)
{
	(void)state;
	static const double gaps[] = {5, 10, 0, 0, 9, 10, 8, 10, 0, 0, 4, 10, 7, 10};
	struct mixed m = of(7, gaps);
	double theta[3 * PAD] = {.3, .7, [PAD] = .6, .5};
	struct fit with, without;
	fit_open(&with, "coins", NULL, mixed_table(&m), theta, "components", "2", "weights_update", "fixed", NULL);
	m = of(5, paper);
	fit_open(&without, "coins", NULL, mixed_table(&m), theta, "components", "2", "weights_update", "fixed", NULL);
	for (int i = 0; i < 8; i++) {
		fit_step(&with, EM_PHASE);
		fit_step(&without, EM_PHASE);
		fit_near(fit_entry(&with)->log_evidence, fit_entry(&without)->log_evidence, 1e-12);
		const struct em_snapshot *s = fit_look(&with), *t = fit_look(&without);
		fit_near(s->obs[1].log_evidence, 0, 1e-15);
		fit_near(fit_q(s, "responsibilities", 4, 0), .3, 1e-15);
		fit_near(fit_theta(s, "bias", 0, 0), fit_theta(t, "bias", 0, 0), 1e-14);
		em_snapshot_release(s);
		em_snapshot_release(t);
	}
	fit_close(&with);
	fit_close(&without);
}

/* So many tosses that log p is a number of fifteen digits. */
static void test_many_tosses(void **state)
{
	(void)state;
	static const double size[] = {1e4, 1e7, 1e10, 1e13, 9e14};
	for (size_t c = 0; c < 5; c++) {
		double n = size[c], x[] = {floor(.3 * n), n, floor(.30001 * n), n, floor(.7 * n), n, floor(.69 * n), n};
		struct mixed m = of(4, x);
		struct fit f;
		mixed_open(&f, &m, "2", "2", "1", NULL);
		for (int i = 0; i < 20; i++)
			fit_step(&f, i % 9 == 8 ? EM_UNIT : EM_PHASE);
		const struct em_snapshot *s = fit_look(&f);
		double a = fit_theta(s, "bias", 0, 0), b = fit_theta(s, "bias", 1, 0);
		fit_near(fmin(a, b), .300005, 1e-3);
		fit_near(fmax(a, b), .695, 1e-3);
		em_snapshot_release(s);
		fit_close(&f);
	}
}

static void test_refusals(void **state)
{
	(void)state;
	static const double over[] = {1, 2, 11, 10}, half[] = {1, 2, 2.5, 10}, below[] = {-1, 2, 1, 1}, none[] = {0, 0, 0, 0};
	static const double huge[] = {1, 2, 1, 1e15}, sure[] = {3, 5, 0, 5};
	struct mixed m = of(2, over);
	mixed_refuse(&m, "2", NULL, "row 2: 11 heads of 10 tosses; give whole numbers, no more heads than tosses");
	m = of(2, half);
	mixed_refuse(&m, "2", NULL, "row 2: 2.5 heads of 10 tosses");
	m = of(2, below);
	mixed_refuse(&m, "2", NULL, "row 1: -1 heads of 2 tosses");
	m = of(2, huge);
	mixed_refuse(&m, "2", NULL, "row 2: 1 heads of 1e+15 tosses");
	m = of(2, none);
	mixed_refuse(&m, "2", NULL, "no coin was tossed; give at least one row with tosses");
	m = of(4, none);
	m.columns = 1;
	mixed_refuse(&m, "2", NULL, "coins take two columns, heads and tosses; the table has 1");
	m = of(2, sure);
	static const double above[3 * PAD] = {.5, .5, [PAD] = .5, 1.5}, lost[3 * PAD] = {.5, .5, [PAD] = NAN, .5};
	static const double ends[3 * PAD] = {.5, .5, [PAD] = 0, 1}, light[3 * PAD] = {.5, .4, [PAD] = .2, .5};
	static const double idle[3 * PAD] = {1, 0, [PAD] = 0, .5};
	mixed_refuse(&m, "2", above, "bias[2] is 1.5; a probability is from 0 to 1");
	mixed_refuse(&m, "2", lost, "bias[1] is nan");
	mixed_refuse(&m, "2", ends, "set 1 has 3 heads and 2 tails, which no coin can give");
	mixed_refuse(&m, "2", idle, "set 1 has 3 heads and 2 tails, which no coin can give");
	mixed_refuse(&m, "2", light, "the weights sum to 0.9");
}

static void test_look(void **state)
{
	(void)state;
	struct fit f;
	struct em_item item;
	char text[600];
	open_paper(&f, "fixed", .6, .5);
	for (int i = 0; i < 4; i++)
		fit_step(&f, EM_PHASE);
	const struct em_snapshot *s = fit_look(&f);
	const struct em_model *model = s->problem->model;
	assert_int_equal(model->describe(s->problem, s->theta, 1, &item, 1), 1);
	assert_true(item.weight == fit_theta(s, "bias", 1, 0));
	assert_string_equal(model->block(s->problem, 0), "bias");
	assert_null(model->block(s->problem, 1));
	fit_near(s->mass[0] + s->mass[1], 5, 1e-12);
	model->explain(s->problem, s->ledger + s->position - 1, s->ledger + s->position, text, sizeof text);
	assert_non_null(strstr(text, "M-step 2"));
	em_snapshot_release(s);
	fit_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),   cmocka_unit_test(test_q_falls),   cmocka_unit_test(test_plain),
		cmocka_unit_test(test_machine),     cmocka_unit_test(test_columns),   cmocka_unit_test(test_alike),
		cmocka_unit_test(test_ends),        cmocka_unit_test(test_far_apart), cmocka_unit_test(test_no_tosses),
		cmocka_unit_test(test_many_tosses), cmocka_unit_test(test_refusals),  cmocka_unit_test(test_look),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
