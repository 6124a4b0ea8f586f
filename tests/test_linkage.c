/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Linkage: the published iterations, sums over all splits of the first cell, the edges pi = 0 and 1, and bad counts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fit.h"

static const double rao[] = {125, 18, 20, 34};

static struct em_data *table(size_t rows, size_t columns, const double *y)
{
	static const char *const name[] = {"y1", "y2", "y3", "y4", "y5"};
	struct em_points *points = NULL;
	struct em_data *d = NULL;
	struct em_err err = {0};
	if (em_points_from(rows, columns, name, y, &points, &err) || em_data_of("linkage", NULL, points, NULL, &d, &err))
		fail_msg("%s", err.msg);
	return d;
}

/* pi < 0: by init. */
static struct fit open_fit(size_t rows, const double *y, double pi, const char *threads, const char *seed)
{
	struct fit f;
	double theta[2] = {pi};
	fit_open(&f, "linkage", NULL, table(rows, 4, y), pi < 0 ? NULL : theta, "threads", threads, "seed", seed, NULL);
	return f;
}

static double pi_of(struct fit *f)
{
	const struct em_snapshot *s = fit_look(f);
	double pi = fit_theta(s, "pi", 0, 0);
	em_snapshot_release(s);
	return pi;
}

static void test_published(void **state)
{
	(void)state;
	static const double want[] = {.608247423, .624321050, .626488879, .626777322, .626815632, .626820719, .626821394, .626821484};
	static const double ratio[] = {.1465, .1346, .1330, .1328};
	struct fit f = open_fit(1, rao, .5, "1", "1");
	double limit = (15 + sqrt(53809)) / 394, before = limit - .5;
	for (size_t i = 0; i < 8; i++) {
		fit_step(&f, EM_ITERATION);
		double pi = pi_of(&f);
		fit_near(pi, want[i], 5e-10);
		if (i < 4)
			fit_near((limit - pi) / before, ratio[i], 5.1e-5);
		before = limit - pi;
	}
	for (int i = 0; i < 20; i++)
		fit_step(&f, EM_ITERATION);
	fit_near(pi_of(&f), limit, 1e-14);
	fit_near(limit, .626821497871, 5e-13);
	fit_close(&f);
}

/* ---- the same by sums over all numbers of hidden animals ---- */

struct sums {
	double log_p, elbo, kl;
};

/* log of binomial(n, h). */
static double choose(double n, double h)
{
	return lgamma(n + 1) - lgamma(h + 1) - lgamma(n - h + 1);
}

/* All 2^y1 splits, gathered by how many animals are in the part pi/4: choose(y1, h) splits each. */
static struct sums enumerate(const double *y, double pi, double share)
{
	struct sums s = {0};
	double p = 0, rest = 0;
	if (y[1] + y[2] > 0)
		rest += (y[1] + y[2]) * log((1 - pi) / 4);
	if (y[3] > 0)
		rest += y[3] * log(pi / 4);
	for (double h = 0; h <= y[0]; h++)
		p += exp(choose(y[0], h)) * pow(.5, y[0] - h) * pow(pi / 4, h);
	s.log_p = log(p) + rest;
	for (double h = 0; h <= y[0]; h++) {
		double one = pow(share, h) * pow(1 - share, y[0] - h), all = exp(choose(y[0], h)) * one;
		double joint = pow(.5, y[0] - h) * pow(pi / 4, h);
		if (!(one > 0))
			continue;
		s.elbo += all * (log(joint) + rest - log(one));
		s.kl += all * (log(one) - log(joint / p));
	}
	return s;
}

static void check_sums(struct fit *f)
{
	const struct em_snapshot *s = fit_look(f);
	const struct em_points *x = f->data->points;
	for (size_t n = 0; n < x->rows; n++) {
		struct sums want = enumerate(x->x + 4 * n, fit_theta(s, "pi", 0, 0), fit_q(s, "share", n, 0));
		double room = 1e-10 * (1 + fabs(want.log_p));
		fit_near(s->obs[n].log_evidence, want.log_p, room);
		fit_near(s->obs[n].elbo, want.elbo, room);
		fit_near(s->obs[n].kl, want.kl, room);
	}
	em_snapshot_release(s);
}

static void test_every_split(void **state)
{
	(void)state;
	static const double y[] = {5, 1, 2, 3, 12, 0, 0, 1, 0, 4, 0, 2, 3, 0, 0, 0, 0, 0, 0, 0, 40, 9, 8, 7};
	for (int c = 0; c < 5; c++) {
		struct fit f = open_fit(6, y, c < 3 ? .2 + .3 * c : -1, "1", c == 3 ? "4" : "5");
		double before = -INFINITY;
		for (int i = 0; i < 12; i++) {
			check_sums(&f);
			const struct em_entry *e = fit_entry(&f);
			fit_near(e->elbo + e->kl, e->log_evidence, 1e-11 * (1 + fabs(e->elbo)));
			assert_true(e->elbo >= before - 1e-10);
			if (e->phase == EM_E)
				fit_near(e->kl, 0, 1e-11);
			before = e->elbo;
			fit_step(&f, i % 3 == 2 ? EM_UNIT : EM_PHASE);
		}
		fit_close(&f);
	}
}

/* Random tables against the two lines that EM is here. */
static void test_plain(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		double y[4 * 7], sum[4] = {0};
		uint64_t rng = seed;
		size_t rows = 1 + seed % 7;
		for (size_t i = 0; i < 4 * rows; i++)
			sum[i % 4] += y[i] = (double)(small_next(&rng) % (seed % 3 ? 200 : 4));
		y[0]++;
		sum[0]++;
		struct fit f = open_fit(rows, y, .1 + .04 * (double)seed, "1", "1");
		double pi = pi_of(&f);
		for (int i = 0; i < 14; i++) {
			double log_p = sum[0] * log(.5 + pi / 4);
			log_p += (sum[1] + sum[2] > 0 ? (sum[1] + sum[2]) * log((1 - pi) / 4) : 0) + (sum[3] > 0 ? sum[3] * log(pi / 4) : 0);
			fit_step(&f, EM_PHASE);
			fit_near(fit_entry(&f)->log_evidence, log_p, 1e-9);
			double h = sum[0] * (pi / 4) / (.5 + pi / 4);
			pi = (h + sum[3]) / (h + sum[1] + sum[2] + sum[3]);
			fit_step(&f, EM_PHASE);
			fit_near(pi_of(&f), pi, 1e-12);
		}
		fit_close(&f);
	}
}

/* ---- the edges ---- */

static void test_edges(void **state)
{
	(void)state;
	static const struct {
		double y[4], pi, limit;
	} cases[] = {
		{{7, 2, 1, 0}, 0, 0},       {{7, 0, 0, 0}, 0, 0},     {{7, 0, 0, 3}, 1, 1},    {{7, 0, 0, 0}, 1, 1},
		{{7, 0, 0, 2}, .3, 1},      {{0, 2, 3, 0}, .3, 0},    {{0, 0, 1, 3}, .3, .75}, {{1, 0, 0, 0}, .5, 1},
		{{0, 0, 0, 5}, 1e-300, 1},  {{3, 0, 0, 1}, 1e-308, 1}, {{0, 5, 0, 0}, 1, 0},   {{1, 900, 100, 0}, 1e-3, 0},
		{{1e14, 9e14, 9e14, 0}, 1, 0},
	};
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		struct em_err err = {0};
		double theta[2] = {cases[c].pi};
		struct em_data *d = table(1, 4, cases[c].y);
		struct fit f;
		if (c == 10 || c == 12) { /* animals that pi = 1 rules out */
			struct em_settings *s = fit_settings("linkage");
			struct em_given given = {.theta = theta};
			struct em_run *r = NULL;
			assert_int_equal(em_run_new(em_model_named("linkage"), d, s, NULL, &given, NULL, &r, &err), EM_INPUT);
			assert_non_null(strstr(err.msg, "row 1 has"));
			assert_non_null(strstr(err.msg, "in cell 2, which pi = 1 rules out"));
			em_settings_release(s);
			em_data_free(d);
			continue;
		}
		fit_open(&f, "linkage", NULL, d, theta, NULL);
		for (int i = 0; i < 1200; i++)
			fit_step(&f, i % 2 ? EM_UNIT : EM_PHASE);
		fit_near(pi_of(&f), cases[c].limit, 1e-13);
		assert_true(isfinite(fit_entry(&f)->elbo));
		fit_close(&f);
	}
}

/* Cell 4 empty, the first all but: pi halves and more at each step, down to 0, and nothing breaks on the way. */
static void test_down(void **state)
{
	(void)state;
	static const double y[] = {1, 500000, 500000, 0};
	struct fit f = open_fit(1, y, .5, "1", "1");
	for (int i = 0; i < 160; i++)
		fit_step(&f, EM_PHASE);
	assert_true(pi_of(&f) == 0);
	fit_near(fit_entry(&f)->log_evidence, 1e6 * log(.25) + log(.5), 1e-6);
	fit_close(&f);
}

static void refuse(size_t columns, const double *y, const char *want)
{
	struct em_settings *s = fit_settings("linkage");
	struct em_data *d = table(2, columns, y);
	struct em_err err = {0};
	struct em_run *r = NULL;
	assert_int_equal(em_run_new(em_model_named("linkage"), d, s, NULL, NULL, NULL, &r, &err), EM_INPUT);
	if (!strstr(err.msg, want))
		fail_msg("\"%s\" is not in \"%s\"", want, err.msg);
	em_settings_release(s);
	em_data_free(d);
}

static void test_refusals(void **state)
{
	(void)state;
	static const double negative[] = {1, 2, 3, 4, 5, 6, -7, 8}, half[] = {1, 2, 3, 4.5, 5, 6, 7, 8}, none[8] = {0};
	static const double huge[] = {1, 2, 3, 4, 1e16, 6, 7, 8};
	refuse(4, negative, "row 2, column y3: -7 animals; a count is a whole number from 0");
	refuse(4, half, "row 1, column y4: 4.5 animals");
	refuse(4, huge, "row 2, column y1: 1e+16 animals");
	refuse(4, none, "no animal was counted");
	refuse(3, none, "four columns");
	static const double wrong[] = {-.1, 1.1, NAN};
	for (int i = 0; i < 3; i++) {
		struct em_settings *s = fit_settings("linkage");
		struct em_data *d = table(1, 4, rao);
		struct em_given given = {.theta = (double[]){wrong[i], 0}};
		struct em_err err = {0};
		struct em_run *r = NULL;
		assert_int_equal(em_run_new(em_model_named("linkage"), d, s, NULL, &given, NULL, &r, &err), EM_INPUT);
		assert_non_null(strstr(err.msg, "a probability is from 0 to 1"));
		em_settings_release(s);
		em_data_free(d);
	}
}

/* ---- the machine ---- */

static void same(struct fit *a, struct fit *b)
{
	const struct em_snapshot *x = fit_look(a), *y = fit_look(b);
	assert_memory_equal(x->theta, y->theta, 2 * sizeof(double));
	assert_memory_equal(x->q, y->q, x->problem->layout.observations * sizeof(double));
	em_snapshot_release(x);
	em_snapshot_release(y);
}

static void test_alike(void **state)
{
	(void)state;
	double y[4 * 50];
	uint64_t rng = 3;
	for (size_t i = 0; i < 200; i++)
		y[i] = (double)(small_next(&rng) % 90);
	struct fit one = open_fit(50, y, -1, "1", "7"), three = open_fit(50, y, -1, "3", "7"), units = open_fit(50, y, -1, "2", "7");
	double start = pi_of(&one);
	assert_true(start > 0 && start < 1);
	for (int i = 0; i < 6; i++) {
		fit_step(&one, EM_PHASE);
		fit_step(&three, EM_PHASE);
		do
			fit_step(&units, EM_UNIT);
		while (fit_entry(&units)->phase != EM_E && fit_entry(&units)->phase != EM_M);
		same(&one, &three);
		same(&one, &units);
		assert_true(fit_entry(&one)->elbo == fit_entry(&three)->elbo && fit_entry(&one)->kl == fit_entry(&three)->kl);
	}
	struct em_err err = {0};
	assert_int_equal(em_run_goto(one.run, 0, NULL, &err), EM_OK);
	assert_true(pi_of(&one) == start);
	for (int i = 0; i < 6; i++)
		fit_step(&one, EM_PHASE);
	same(&one, &three);
	fit_close(&one);
	fit_close(&three);
	fit_close(&units);
}

static void test_look(void **state)
{
	(void)state;
	struct fit f = open_fit(1, rao, .5, "1", "1");
	char text[600];
	double share[2];
	fit_step(&f, EM_PHASE);
	const struct em_snapshot *s = fit_look(&f);
	const struct em_model *m = s->problem->model;
	fit_near(s->mass[0], 100, 1e-12);
	fit_near(s->mass[1], 25, 1e-12);
	m->shares(s->problem, s->q, 0, share);
	fit_near(share[0], .8, 1e-15);
	fit_near(share[1], .2, 1e-15);
	m->explain(s->problem, s->ledger, s->ledger + 1, text, sizeof text);
	assert_non_null(strstr(text, "θ did not move"));
	em_snapshot_release(s);
	fit_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published), cmocka_unit_test(test_every_split), cmocka_unit_test(test_plain),
		cmocka_unit_test(test_edges),     cmocka_unit_test(test_down),        cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_alike),     cmocka_unit_test(test_look),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
