/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Mixtures of Gaussians on narrow, far, few and equal rows, and from bad starts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/faithful.h"
#include "gauss.h"

/* ---- narrow, far, few, equal ---- */

static enum em_status begin(struct fit *f, size_t rows, size_t d, const double *x, const char *k, const char *kind, const char *floor)
{
	struct em_settings *next;
	*f = (struct fit){.settings = fit_settings("gmm")};
	const char *const set[][2] = {{"components", k}, {"covariance", kind}, {"floor", floor}};
	f->owned = gauss_table(rows, d, x);
	f->data = f->owned;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(em_settings_with(f->settings, set[i][0], set[i][1], &next, &f->err), EM_OK);
		em_settings_release(f->settings);
		f->settings = next;
	}
	return em_run_new(em_model_named("gmm"), f->data, f->settings, NULL, NULL, NULL, &f->run, &f->err);
}

static void refused(size_t rows, size_t d, const double *x, const char *kind, enum em_status status, const char *text)
{
	struct fit f;
	assert_int_equal(begin(&f, rows, d, x, "2", kind, "0"), status);
	if (!strstr(f.err.msg, text))
		fail_msg("%s", f.err.msg);
	fit_close(&f);
}

static void test_data_without_a_density(void **state)
{
	(void)state;
	static const double ones[21] = {1, 2, 3}, half[] = {1, 7, 2, 7, 4, 7}, big[] = {1e200, -1e200};
	for (int kind = 0; kind < 4; kind++) {
		refused(1, 3, ones, gauss_kinds[kind], EM_INPUT, "one row has no variance");
		refused(3, 2, half, gauss_kinds[kind], EM_INPUT, "column b is the same in every row (7)");
		refused(2, 1, big, gauss_kinds[kind], EM_INPUT, "column a has values too large");
		refused(1, 21, ones, gauss_kinds[kind], EM_USAGE, "1 to 20 columns; the table has 21");
	}
	/* With a floor they have one: the floor itself. */
	for (int kind = 0; kind < 4; kind++)
		for (size_t rows = 1; rows < 5; rows++) {
			static const double alike[] = {5, 1e6, 5, 1e6, 5, 1e6, 5, 1e6};
			struct fit f;
			assert_int_equal(begin(&f, rows, 2, alike, "3", gauss_kinds[kind], "0.25"), EM_OK);
			double want = (double)rows * (-GAUSS_LOG_TURN - log(.25));
			fit_near(gauss_finish(&f, 3), want, 1e-9);
			const struct em_snapshot *s = fit_look(&f);
			fit_near(gauss_covariance(s, 0, 0, 0), .25, 1e-15);
			fit_near(gauss_covariance(s, 0, 0, 1), 0, 1e-15);
			em_snapshot_release(s);
			fit_close(&f);
		}
}

/* Steps until one has no result; the message. */
static void collapse(struct fit *f)
{
	struct em_entry last = *fit_entry(f);
	for (int i = 0; i < 400; i++) {
		enum em_status st = em_run_step(f->run, EM_PHASE, NULL, &f->err);
		if (st == EM_FAILED) {
			assert_int_equal(fit_entry(f)->step, last.step);
			assert_true(fit_entry(f)->elbo == last.elbo);
			const struct em_snapshot *s = fit_look(f);
			for (size_t k = 0; k < s->problem->layout.components; k++)
				assert_true(isfinite(fit_theta(s, "means", k, 0)) && gauss_covariance(s, k, 0, 0) > 0);
			em_snapshot_release(s);
			return;
		}
		if (st)
			fail_msg("%s", f->err.msg);
		last = *fit_entry(f);
	}
	fail_msg("no component collapsed");
}

static void collapses(size_t rows, size_t d, const double *x, const char *k, const char *kind, const double *theta,
                      const char *const *text)
{
	struct fit f;
	fit_open(&f, "gmm", NULL, gauss_table(rows, d, x), theta, "components", k, "covariance", kind, NULL);
	collapse(&f);
	for (; *text; text++)
		if (!strstr(f.err.msg, *text))
			fail_msg("no \"%s\" in: %s", *text, f.err.msg);
	assert_null(strchr(f.err.msg, '\n'));
	fit_close(&f);
}

static void test_collapse_has_a_cause(void **state)
{
	(void)state;
	static const double line[] = {0, 1, 2, 3, 4, 50}, weights[] = {.5, .5}, means[] = {2, 50}, cov[] = {2, 4};
	static const double twice[] = {0, 1, 2, 3, 4, 50, 50, 50};
	double *theta = gauss_theta(2, 1, weights, means, cov);
	const char *const alone[] = {"component 2 collapses", "1 of 6 rows, lies on row 6 alone", "the variance of a falls to ",
	                             "set floor 0.1", NULL};
	const char *const equal[] = {"component 2 collapses", "3 of 8 rows, lies on row 6 and the 2 equal to it", NULL};
	for (int kind = 0; kind < 3; kind++) {
		collapses(6, 1, line, "2", gauss_kinds[kind], theta, alone);
		collapses(8, 1, twice, "2", gauss_kinds[kind], theta, equal);
	}
	free(theta);
	/* As many components as rows. */
	const char *const shared[] = {"the shared covariance collapses", "every row lies on the mean of a component, or next to it (6 components, 6 rows)",
	                              NULL};
	double same[6], at[6] = {0, 1, 2, 3, 4, 50}, each[6];
	for (int i = 0; i < 6; i++) {
		same[i] = .01;
		each[i] = 1.0 / 6;
	}
	theta = gauss_theta(6, 1, each, at, same);
	collapses(6, 1, line, "6", "tied", theta, shared);
	free(theta);
	/* A column that another one gives. */
	double x[40][2];
	uint64_t rng = 3;
	for (int n = 0; n < 40; n++) {
		x[n][0] = gauss_normal(&rng);
		x[n][1] = 3 * x[n][0] + 1;
	}
	const char *const given[] = {"all have nearly one value of b once the columns before it are known", NULL};
	collapses(40, 2, &x[0][0], "2", "full", NULL, given);
	for (int n = 0; n < 40; n++)
		x[n][0] = x[n][1] = n < 20 ? 1e-7 * n : 1 + .01 * n;
	const char *const together[] = {"lies together around row ", "20 of 40 rows", NULL};
	collapses(40, 2, &x[0][0], "2", "spherical", NULL, together);
	for (int n = 0; n < 40; n++)
		x[n][1] = 3 * x[n][0] + 1;
	const char *const given_all[] = {"all 40 rows have nearly one value of b once the columns before it are known", NULL};
	collapses(40, 2, &x[0][0], "2", "tied", NULL, given_all);
}

/* Two rows in three dimensions, and the warning before. */
static void test_too_few_rows_for_a_covariance(void **state)
{
	(void)state;
	double *x = gauss_draw(6, 42, 3, 1, 1, 0), weights[] = {40.0 / 42, 2.0 / 42}, means[6] = {0}, cov[18] = {0};
	for (int j = 0; j < 3; j++) {
		x[40 * 3 + j] = 300 + j;
		x[41 * 3 + j] = 301 + 2 * j;
		means[j] = x[j];
		means[3 + j] = 300;
		cov[4 * j] = cov[9 + 4 * j] = 20;
	}
	double *theta = gauss_theta(2, 3, weights, means, cov);
	struct fit f;
	fit_open(&f, "gmm", NULL, gauss_table(42, 3, x), theta, NULL);
	free(theta);
	free(x);
	char text[240];
	const struct em_snapshot *s = fit_look(&f);
	assert_false(s->problem->model->health(s->problem, s->theta, 0, text, sizeof text));
	assert_true(s->problem->model->health(s->problem, s->theta, 1, text, sizeof text));
	assert_string_equal(text, "close to collapse: its share is 2 of 42 rows, and a covariance of 3 columns needs 4");
	em_snapshot_release(s);
	collapse(&f);
	assert_non_null(strstr(f.err.msg, "component 2 collapses: its share is 2 of 42 rows, and a covariance of 3 columns needs 4"));
	fit_close(&f);
}

static void smallest(const struct em_snapshot *s, size_t k, double *least)
{
	double a = gauss_covariance(s, k, 0, 0), b = gauss_covariance(s, k, 0, 1), d = gauss_covariance(s, k, 1, 1);
	*least = (a + d) / 2 - hypot((a - d) / 2, b);
}

static void test_floor(void **state)
{
	(void)state;
	/* On a line in the plane. */
	double x[60][2];
	uint64_t rng = 3;
	for (int n = 0; n < 60; n++) {
		x[n][0] = gauss_normal(&rng) + (n < 30 ? 0 : 10);
		x[n][1] = 3 * x[n][0] + 1e-4 * gauss_normal(&rng);
	}
	for (int kind = 0; kind < 4; kind += 3) {
		struct fit f;
		char text[240];
		assert_int_equal(begin(&f, 60, 2, &x[0][0], "2", gauss_kinds[kind], "0.001"), EM_OK);
		gauss_finish(&f, 20);
		const struct em_snapshot *s = fit_look(&f);
		for (size_t k = 0; k < 2; k++) {
			double least;
			smallest(s, k, &least);
			fit_near(least, .001, 1e-12);
			assert_true(s->problem->model->health(s->problem, s->theta, k, text, sizeof text));
			assert_string_equal(text, "the floor acts: 1 of 2 eigenvalues of the covariance is held at 0.001");
		}
		em_snapshot_release(s);
		fit_close(&f);
	}
	/* A component on one row. */
	static const double line[] = {0, 1, 2, 3, 4, 50};
	struct fit f;
	assert_int_equal(begin(&f, 6, 1, line, "2", "full", "0.5"), EM_OK);
	gauss_finish(&f, 60);
	const struct em_snapshot *s = fit_look(&f);
	size_t k = fit_theta(s, "means", 0, 0) > 40 ? 0 : 1;
	fit_near(fit_theta(s, "means", k, 0), 50, 1e-9);
	fit_near(gauss_covariance(s, k, 0, 0), .5, 1e-15);
	fit_near(gauss_covariance(s, 1 - k, 0, 0), 2, 1e-9);
	em_snapshot_release(s);
	fit_close(&f);
}

/* The same rows at 0 and at 1e8, moved by what a number can hold there. */
static void test_far_from_zero(void **state)
{
	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		double *x = gauss_draw(12, 80, 2, 2, .01, 0), *y = calloc(160, sizeof *y);
		for (int i = 0; i < 160; i++) {
			x[i] = round(x[i] * 0x1p20) / 0x1p20;
			y[i] = x[i] + 1e8;
		}
		struct fit near, far;
		assert_int_equal(begin(&near, 80, 2, x, "2", gauss_kinds[kind], "0"), EM_OK);
		assert_int_equal(begin(&far, 80, 2, y, "2", gauss_kinds[kind], "0"), EM_OK);
		free(x);
		free(y);
		for (int i = 0; i < 15; i++) {
			fit_step(&near, EM_ITERATION);
			fit_step(&far, EM_ITERATION);
			fit_near(fit_entry(&far)->log_evidence, fit_entry(&near)->log_evidence, 1e-4);
			const struct em_snapshot *a = fit_look(&near), *b = fit_look(&far);
			for (size_t k = 0; k < 2; k++) {
				fit_near(fit_theta(b, "means", k, 1) - 1e8, fit_theta(a, "means", k, 1), 1e-6);
				fit_near(gauss_covariance(b, k, 0, 1), gauss_covariance(a, k, 0, 1), 1e-6 * gauss_covariance(a, k, 0, 0));
			}
			em_snapshot_release(a);
			em_snapshot_release(b);
		}
		fit_close(&near);
		fit_close(&far);
	}
}

/* Clusters a millionth as wide as they are apart, columns that are nearly the same, means that begin far off: the engine
 * compares the statistics' ELBO with the rows' at every step. */
static void test_no_digits_are_lost(void **state)
{
	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		double *x = gauss_draw(21, 90, 3, 3, 5e-5, 100), weights[] = {.2, .3, .5}, means[9], cov[27] = {0};
		struct fit f;
		assert_int_equal(begin(&f, 90, 3, x, "3", gauss_kinds[kind], "0"), EM_OK);
		gauss_finish(&f, 15);
		fit_close(&f);
		for (int n = 0; n < 90; n++)
			x[3 * n + 2] = x[3 * n] + x[3 * n + 1] + 1e-5 * (n % 7);
		assert_int_equal(begin(&f, 90, 3, x, "1", gauss_kinds[kind], "0"), EM_OK);
		gauss_finish(&f, 15);
		fit_close(&f);
		for (int i = 0; i < 9; i++) {
			means[i] = 1e7 * (i + 1);
			cov[i / 3 * 9 + i % 3 * 4] = 1e10;
		}
		free(x);
		x = gauss_draw(22, 90, 3, 3, .1, 100);
		double *theta = gauss_theta(3, 3, weights, means, cov);
		fit_open(&f, "gmm", NULL, gauss_table(90, 3, x), theta, "components", "3", "covariance", gauss_kinds[kind], NULL);
		double at = gauss_finish(&f, 2);
		assert_true(isfinite(at));
		free(theta);
		free(x);
		fit_close(&f);
	}
}

static void test_more_components_than_rows(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 6; seed++)
		for (int kind = 0; kind < 4; kind++) {
			double *x = gauss_draw(seed, 6, 2, 2, 1, 0);
			struct fit f;
			assert_int_equal(begin(&f, 6, 2, x, "9", gauss_kinds[kind], "0.05"), EM_OK);
			free(x);
			for (int i = 0; i < 20; i++) {
				fit_step(&f, EM_PHASE);
				gauss_check_entry(&f);
			}
			fit_close(&f);
		}
}

/* A component that no row can belong to keeps its parameters. */
static void test_an_empty_component_stays(void **state)
{
	(void)state;
	static const double x[] = {0, 1, 2, 3, 5}, weights[] = {.5, .5}, means[] = {2, 1e6}, cov[] = {2, 1};
	double *theta = gauss_theta(2, 1, weights, means, cov);
	for (int kind = 0; kind < 3; kind++) {
		struct fit f;
		double v[] = {2, 1};
		fit_open(&f, "gmm", NULL, gauss_table(5, 1, x), theta, "covariance", gauss_kinds[kind], NULL);
		gauss_finish(&f, 3);
		const struct em_snapshot *s = fit_look(&f);
		assert_true(fit_theta(s, "weights", 1, 0) == 0);
		assert_true(fit_theta(s, "means", 1, 0) == 1e6 && gauss_covariance(s, 1, 0, 0) == v[1]);
		fit_near(fit_theta(s, "means", 0, 0), 2.2, 1e-12);
		em_snapshot_release(s);
		fit_close(&f);
	}
	free(theta);
}

/* ---- a start from outside ---- */

static void bad_start(const char *kind, const double *weights, const double *means, const double *cov, const char *floor,
                      const char *text)
{
	double *theta = gauss_theta(2, 2, weights, means, cov);
	struct fit f;
	begin(&f, FAITHFUL, 2, &faithful[0][0], "2", kind, floor);
	em_run_free(f.run);
	f.run = NULL;
	struct em_given given = {.theta = theta};
	assert_int_equal(em_run_new(em_model_named("gmm"), f.data, f.settings, NULL, &given, NULL, &f.run, &f.err), EM_INPUT);
	if (!strstr(f.err.msg, text))
		fail_msg("no \"%s\" in: %s", text, f.err.msg);
	free(theta);
	fit_close(&f);
}

static void test_bad_starts(void **state)
{
	(void)state;
	static const double w[] = {.5, .5}, m[] = {2, 55, 4.5, 80}, wrong[] = {.5, .6}, nowhere[] = {2, NAN, 4, 80};
	static const double good[] = {1, .2, .2, 100, 2, .2, .2, 100}, lopsided[] = {1, .2, .3, 100, 1, 0, 0, 100};
	static const double singular[] = {1, 10, 10, 100, 1, 0, 0, 100}, negative[] = {1, 0, 0, 100, -1, 0, 0, 100};
	static const double diagonal[] = {1, 0, 0, 100, 1, 0, 0, 100}, lost[] = {1e200, 0, 1e200, 0};
	static const double unlike[] = {1, 0, 0, 1, 2, 0, 0, 2};
	bad_start("full", wrong, m, good, "0", "the weights sum to 1.1");
	bad_start("full", w, nowhere, good, "0", "means[1][2] is ");
	bad_start("full", w, m, lopsided, "0", "covariances[1][2][1] is 0.3 and [1][2] 0.2");
	bad_start("full", w, m, singular, "0", "covariances[1] is not positive definite");
	bad_start("full", w, m, negative, "0", "covariances[2][1][1] is -1; a variance is above 0");
	bad_start("full", w, m, good, "1.5", "covariances[1] has the eigenvalue 0.9");
	bad_start("full", w, lost, diagonal, "0", "row 1 is too far from every component");
	bad_start("diagonal", w, m, good, "0", "covariances[1][1][2] is 0.2; it is 0 where covariance is diagonal");
	bad_start("spherical", w, m, diagonal, "0", "covariances[1] has variances 1 and 100");
	bad_start("tied", w, m, unlike, "0", "covariances[2][1][1] is 2 and that of component 1 1");
}

/* Parts of the record that views read. */
static void test_record(void **state)
{
	(void)state;
	double weight[2], fit[2];
	struct em_item item[3];
	struct fit f;
	for (int kind = 0; kind < 4; kind++) {
		assert_int_equal(begin(&f, FAITHFUL, 2, &faithful[0][0], "2", gauss_kinds[kind], "0"), EM_OK);
		gauss_finish(&f, 5);
		const struct em_snapshot *s = fit_look(&f);
		const struct em_model *m = s->problem->model;
		for (size_t n = 0; n < 30; n++) {
			assert_int_equal(m->weigh(s->problem, s->theta, n, weight, fit, &f.err), EM_OK);
			double a = weight[0] + fit[0], b = weight[1] + fit[1];
			fit_near(fmax(a, b) + log1p(exp(-fabs(a - b))), s->obs[n].log_evidence, 1e-12);
		}
		assert_int_equal(m->describe(s->problem, s->theta, 1, item, 3), 2);
		assert_int_equal(m->describe(s->problem, s->theta, 1, item, 1), 1);
		assert_true(item[0].weight == fit_theta(s, "means", 1, 0));
		assert_string_equal(item[0].label, "a");
		assert_non_null(m->equation(s->problem, false));
		assert_non_null(strstr(m->equation(s->problem, true), "R_k"));
		em_snapshot_release(s);
		fit_close(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_data_without_a_density),
		cmocka_unit_test(test_collapse_has_a_cause),
		cmocka_unit_test(test_too_few_rows_for_a_covariance),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_far_from_zero),
		cmocka_unit_test(test_no_digits_are_lost),
		cmocka_unit_test(test_more_components_than_rows),
		cmocka_unit_test(test_an_empty_component_stays),
		cmocka_unit_test(test_bad_starts),
		cmocka_unit_test(test_record),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
